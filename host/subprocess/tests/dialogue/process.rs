//! Extensions that are real processes. Those that break the rules are in `tests/conformance`.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::stage::{HANG, Host, call, extension, quick, within};
use tempfile::TempDir;
use tokio::time::{Instant, timeout};
use wharf_extensions::backend::{Backend as _, Docking};
use wharf_extensions::error::{ExtError, Fault, Stage, seconds};
use wharf_extensions::extension::Extension;
use wharf_extensions::manifest::WharfSection;
use wharf_protocol::event::Event;
use wharf_protocol::hook::{ToolVerdict, TurnVerdict};
use wharf_protocol::tool::ToolOutput;
use wharf_subprocess::SubprocessBackend;

/// Says hello, offers a tool, says that it is ready. `frames` gives what comes behind the answer to the hello.
const PRELUDE: &str = r#"
import json, os, signal, subprocess, sys, time
def say(**frame):
    print(json.dumps(frame), flush=True)
def frames():
    for line in sys.stdin:
        frame = json.loads(line)
        if frame["type"] != "hello_ack":
            yield frame
def text(text):
    return [{"type": "text", "text": text}]
open("pid", "w").write(str(os.getpid()))
say(type="hello", name="probe")
say(type="register_tool", name="t")
say(type="ready")
"#;

struct Play {
    docking: Result<Docking, ExtError>,
    host: Arc<Host>,
    directory: TempDir,
}

impl Play {
    fn docking(&self) -> &Docking {
        self.docking.as_ref().unwrap_or_else(|error| panic!("{error}\n{}", self.host.log_text()))
    }

    /// A number that the extension wrote into a file.
    fn number(&self, file: &str) -> i32 {
        std::fs::read_to_string(self.directory.path().join(file)).unwrap().trim().parse().unwrap()
    }
}

fn backend() -> SubprocessBackend {
    SubprocessBackend::new(["WHARF_TEST_NOT_SET"]).terms(quick())
}

async fn play(backend: &SubprocessBackend, prepare: impl FnOnce(&Path) -> Extension) -> Play {
    let directory = tempfile::tempdir().unwrap();
    let host = Arc::new(Host::default());
    let extension = prepare(&directory.path().canonicalize().unwrap());
    let starting = backend.start(&extension, host.launch(&extension));
    let docking = timeout(HANG, starting).await.expect("the start hangs");
    Play { docking, host, directory }
}

/// Plays a script behind the prelude.
async fn python(script: &str) -> Play {
    play(&backend(), |directory| {
        std::fs::write(directory.join("main.py"), format!("{PRELUDE}\n{script}")).unwrap();
        extension(directory, "python3", &["main.py"])
    })
    .await
}

/// Whether a process runs. One that nobody has reaped yet has ended all the same.
fn runs(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    let zombie = stat.is_ok_and(|stat| stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('Z')));
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    !zombie && rustix::process::test_kill_process(pid).is_ok()
}

/// A killed grandchild takes a moment to end.
async fn until_gone(pid: i32) {
    let gone = async {
        while runs(pid) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(HANG, gone).await.unwrap_or_else(|_| panic!("process {pid} still runs"));
}

#[tokio::test]
async fn a_whole_life() {
    let play = python(
        r#"
say(type="subscribe", events=["session_start"], intercept=["tool_call", "turn_start"])
seen = []
print("a word on standard error", file=sys.stderr, flush=True)
for frame in frames():
    kind, id = frame["type"], frame.get("id")
    if kind == "event":
        seen.append(frame["event"])
    elif kind == "tool_call":
        say(type="tool_result", id=id, content=text(" ".join(seen) + " " + os.path.basename(os.getcwd())))
    elif kind == "event_intercept" and frame["event"] == "tool_call":
        say(type="event_intercept_response", id=id, block=True, reason="no " + frame["tool_args"]["command"])
    elif kind == "event_intercept":
        say(type="event_intercept_response", id=id)
    elif kind == "shutdown":
        say(type="shutdown_ack")
        sys.exit(0)
"#,
    )
    .await;
    let (docking, cx) = (play.docking(), within(HANG));
    assert_eq!(docking.registration.tools[0].name, "t");
    docking.instance.deliver(&Arc::new(Event::SessionStart), &cx);
    let output = docking.instance.call_tool(&call("t", "{}"), &cx).await.unwrap();
    let directory = play.directory.path().file_name().unwrap().to_str().unwrap();
    assert_eq!(output, ToolOutput::text(format!("session_start {directory}")));
    let verdict = docking.instance.on_tool_call(&call("bash", r#"{"command":"rm"}"#), &cx).await.unwrap();
    assert_eq!(verdict, ToolVerdict::Refuse("no rm".into()));
    assert_eq!(docking.instance.on_turn_start(1, &cx).await.unwrap(), TurnVerdict::Pass);
    timeout(HANG, docking.instance.stop()).await.unwrap();
    let log = play.host.log_text();
    let (first, rest) = log.split_once('\n').unwrap();
    assert!(first.starts_with("Host starting probe/1.2.3 at 2") && first.ends_with('Z'), "{first}");
    assert_eq!(rest, "Stderr a word on standard error\nHost stopped: exit status 0\n");
    assert!(play.host.lost.lock().unwrap().is_empty());
    until_gone(play.number("pid")).await;
}

#[tokio::test]
async fn dying_in_the_middle_of_a_call_fails_it_at_once() {
    let play =
        python("for frame in frames():\n    print('I give up', file=sys.stderr)\n    os._exit(7)").await;
    let began = Instant::now();
    let error = play.docking().instance.call_tool(&call("t", "{}"), &within(HANG)).await.unwrap_err();
    assert!(began.elapsed() < HANG / 2, "{}", seconds(began.elapsed()));
    assert_eq!(error.stage, Stage::Tool("t".into()));
    assert!(
        error.to_string().contains("it ended with exit status 7; its last words: \"I give up\""),
        "{error}"
    );
    let lost = play.host.until("the loss", |host| host.lost.lock().unwrap().pop()).await;
    assert_eq!(lost.stage, Stage::Call);
    play.docking().instance.stop().await;
    assert!(play.host.lost.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_answer_right_before_the_end_counts() {
    let play = python(
        "for frame in frames():\n    say(type='tool_result', id=frame['id'], content=text('last'))\n    os._exit(0)",
    )
    .await;
    let output = play.docking().instance.call_tool(&call("t", "{}"), &within(HANG)).await;
    assert_eq!(output.unwrap(), ToolOutput::text("last"));
}

#[tokio::test]
async fn a_line_just_within_the_limit_passes_in_both_directions() {
    let play = python(
        "for frame in frames():\n    say(type='tool_result', id=frame['id'], content=text(frame['args']['x']))",
    )
    .await;
    let long = "x".repeat((4 << 20) - 200);
    let call = call("t", &format!("{{\"x\":\"{long}\"}}"));
    let output = play.docking().instance.call_tool(&call, &within(HANG)).await;
    assert_eq!(output.unwrap(), ToolOutput::text(long));
}

#[tokio::test]
async fn the_deadline_covers_the_writing() {
    let play = python("time.sleep(1000)").await;
    let big = call("t", &format!("\"{}\"", "x".repeat(1 << 20)));
    let limit = Duration::from_millis(300);
    for _ in 0..2 {
        let error = play.docking().instance.call_tool(&big, &within(limit)).await.unwrap_err();
        assert_eq!(error.fault.to_string(), "timed out after 300 ms");
    }
    timeout(HANG, play.docking().instance.stop()).await.unwrap();
    until_gone(play.number("pid")).await;
}

#[tokio::test]
async fn one_that_closes_its_input_or_output_is_dead() {
    let play =
        python("sys.stdin.close(); os.close(0); say(type='notify', message='closed'); time.sleep(1000)")
            .await;
    play.host.until("the notice", |host| host.notices.lock().unwrap().pop()).await;
    let error = play.docking().instance.call_tool(&call("t", "{}"), &within(HANG)).await.unwrap_err();
    assert!(error.to_string().contains("its standard input could not be written"), "{error}");
    until_gone(play.number("pid")).await;

    let play = python("os.close(1); time.sleep(1000)").await;
    let lost = play.host.until("the loss", |host| host.lost.lock().unwrap().pop());
    // It may have closed it before it counted as ready.
    let error = match &play.docking {
        Ok(_) => lost.await,
        Err(error) => error.clone(),
    };
    assert!(error.to_string().contains("it closed its standard output; it was killed"), "{error}");
    until_gone(play.number("pid")).await;
}

#[tokio::test]
async fn dropping_it_kills_it() {
    let mut play = python("for frame in frames(): pass").await;
    let pid = play.number("pid");
    assert!(runs(pid));
    play.docking = Err(Fault::Cancelled.at(&"probe".to_owned().try_into().unwrap(), Stage::Stop));
    until_gone(pid).await;
}

#[tokio::test]
async fn a_start_that_nobody_waits_for_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let host = Arc::new(Host::default());
    let extension = extension(directory.path(), "sh", &["-c", "echo $$ > pid; echo here >&2; sleep 1000"]);
    let backend = backend();
    tokio::select! {
        _ = backend.start(&extension, host.launch(&extension)) => panic!("it started"),
        _ = host.logged("here") => {}
    }
    let pid = std::fs::read_to_string(directory.path().join("pid")).unwrap();
    until_gone(pid.trim().parse().unwrap()).await;
}

#[tokio::test]
async fn named_variables_are_withheld_and_given_back() {
    // Two variables that every process here has; changing the environment of a running test is not safe.
    let backend = SubprocessBackend::new(["PATH", "CARGO_MANIFEST_DIR", "WHARF_TEST_NOT_SET"]).terms(quick());
    let script = r#"echo '{"type":"hello","name":"probe"}'; echo "path=${PATH:+set} dir=${CARGO_MANIFEST_DIR-withheld}" >&2
        echo '{"type":"ready"}'; read ack; read line"#;
    let play = play(&backend, |directory| {
        let mut extension = extension(directory, "/bin/sh", &["-c", script]);
        extension.manifest.wharf = Some(WharfSection { env: vec!["PATH".into()], ..WharfSection::default() });
        extension
    })
    .await;
    play.docking();
    play.host.logged("path=set dir=withheld").await;
    let line = play.host.logged("withheld from its environment").await;
    assert!(line.contains(": CARGO_MANIFEST_DIR ("), "{line}");
}
