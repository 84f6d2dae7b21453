//! The program killed with SIGKILL, which it cannot answer: no child outlives it, and the next run finds all in order.

use std::process::Child;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::json;
use wharf_test_support::Home;
use wharf_test_support::session::script_file;

use crate::program::{Ran, finish, run, wharf};

/// A tool that never answers, and notices nothing but a signal that cannot be ignored.
const HANGS: &str = r#"echo '{"type":"hello","name":"hangs"}'
echo '{"type":"register_tool","name":"hang"}'
echo '{"type":"ready"}'
while read -r line; do case $line in *'"tool_call"'*) echo > asked; trap '' HUP; while :; do kill -STOP $$; done;; esac; done
"#;
/// It never says hello, so the start is never over.
const NEVER_STARTS: &str = "echo > begun\nexec sleep 1000\n";
/// It answers its command and counts its calls, each in a line of its own.
const COUNTS: &str = r#"echo '{"type":"hello","name":"counts"}'
echo '{"type":"register_command","name":"count"}'
echo '{"type":"ready"}'
while read -r line; do case $line in
*'"command_invoked"'*)
    echo one >> counted
    id=${line#*'"id":"'} id=${id%%'"'*}
    echo '{"type":"command_response","id":"'$id'","action":"display","display":"counted"}';;
*'"shutdown"'*) exit 0;;
esac; done
"#;
/// Far more than it takes.
const PATIENCE: Duration = Duration::from_secs(30);

fn until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        sleep(Duration::from_millis(5));
    }
}

/// Waits until no process is left that works in the home or its project: all that a run starts does.
fn nobody_is_left(home: &Home, at: &str) {
    let root = home.path().parent().unwrap().to_owned();
    until(&format!("{at}: a process was left behind"), || {
        let processes = std::fs::read_dir("/proc").unwrap().flatten();
        // A process that has ended has no directory any more.
        !processes
            .map(|process| process.path().join("cwd"))
            .any(|cwd| std::fs::read_link(cwd).is_ok_and(|cwd| cwd.starts_with(&root)))
    });
}

/// SIGKILL. What it has written so far is read, so that nothing of it waits.
fn kill(mut child: Child) -> Ran {
    child.kill().unwrap();
    finish(child)
}

#[test]
fn during_a_call() {
    let home = Home::new();
    let directory = home.install_shell("hangs", HANGS);
    let lines = [json!({ "tool_calls": [{ "name": "hang" }] }).to_string()];
    let file = script_file(&home, lines).display().to_string();
    let child = wharf(&home, &["-p", "--script", &file, "go"]).spawn().unwrap();
    until("it was not asked", || directory.join("asked").exists());
    let ran = kill(child);
    assert_eq!(ran.code, None, "{ran:?}");
    nobody_is_left(&home, "killed");
}

#[test]
fn during_the_start() {
    let home = Home::new();
    let directory = home.install_shell("never", NEVER_STARTS);
    let child = wharf(&home, &["-p", "--model", "demo", "go"]).spawn().unwrap();
    until("it was not started", || directory.join("begun").exists());
    let ran = kill(child);
    assert_eq!(ran.code, None, "{ran:?}");
    nobody_is_left(&home, "killed");
}

/// Numbers that look random and are the same for the same seed.
struct Moments(u64);

impl Moments {
    /// The seed of `WHARF_SEED`, or of the clock.
    fn new() -> Self {
        let clock = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().subsec_nanos();
        let seed = std::env::var("WHARF_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = seed.unwrap_or(u64::from(clock));
        // Shown when the test fails.
        #[allow(clippy::print_stderr, reason = "a seed that is not told cannot be tried again")]
        {
            eprintln!("WHARF_SEED={seed}");
        }
        Self(seed)
    }

    /// A moment within a run, more often an early one.
    fn next(&mut self) -> Duration {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let share = (self.0 >> 40) as f64 / f64::from(1 << 24);
        Duration::from_micros((share * share * 400_000.0) as u64)
    }
}

/// 20 times; `WHARF_SOAK` makes it 200.
#[test]
fn at_any_moment_and_the_next_run_works() {
    let times = if std::env::var_os("WHARF_SOAK").is_some() { 200 } else { 20 };
    let home = Home::new();
    home.install_shell("counts", COUNTS);
    home.install_subprocess("weather");
    home.install_component("guard");
    let mut moments = Moments::new();
    for time in 0..times {
        let child = wharf(&home, &["-p", "--model", "demo", "/count"]).spawn().unwrap();
        let moment = moments.next();
        sleep(moment);
        kill(child);
        let at = format!("round {time}, killed after {moment:?}");
        nobody_is_left(&home, &at);
        let before = counted(&home);
        let ran = run(&home, &["-p", "--model", "demo", "/count"]);
        // On a machine that is busy a start may take long, which is told and no fault.
        let faults: Vec<&str> = ran.err.lines().filter(|line| !line.contains("is still starting")).collect();
        assert_eq!((ran.code, ran.out.as_str(), faults.as_slice()), (Some(0), "counted\n", &[][..]), "{at}");
        assert_eq!(counted(&home), before + 1, "{at}");
        let logs = run(&home, &["ext", "logs", "counts"]);
        assert!(logs.code == Some(0) && logs.out.contains("stopped: exit status 0"), "{at}: {logs:?}");
        assert!(!logs.out.contains('\0'), "{at}: a hole in the log");
    }
    assert_eq!(run(&home, &["-p", "--model", "demo", "/weather Berlin"]).code, Some(0));
}

/// Calls that were counted, each a whole line.
fn counted(home: &Home) -> usize {
    let text = std::fs::read_to_string(home.extensions().join("counts/counted")).unwrap_or_default();
    assert!(text.lines().all(|line| line == "one"), "{text:?}");
    text.lines().count()
}
