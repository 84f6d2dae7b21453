//! Signals: the exit code, and that no process is left.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;
use wharf_test_support::Home;
use wharf_test_support::session::script_file;

use crate::program::{Ran, finish, wharf};

/// An extension that does not want to end, and has started a process of its own.
const STUBBORN: &str = "trap '' TERM INT\n\
    sleep 1000 &\n\
    echo $! > grandchild\n\
    echo $$ > child\n\
    echo '{\"type\":\"hello\",\"name\":\"stubborn\"}'\n\
    echo '{\"type\":\"ready\"}'\n\
    while :; do sleep 1000; done\n";

/// Sends a signal while the model answers; returns how it ended.
fn interrupted(home: &Home, signal: &str) -> Ran {
    home.install_shell("stubborn", STUBBORN);
    home.install_subprocess("weather");
    let line = json!({ "deltas": ["it", "goes on", "for ever"], "delay_ms": 600_000 }).to_string();
    let file = script_file(home, [line]).display().to_string();
    let mut child = wharf(home, &["--json", "--script", &file, "go"]).spawn().unwrap();
    // Extensions have docked when the turn starts.
    let stdout = child.stdout.take().unwrap();
    let mut lines = BufReader::new(stdout).lines();
    let started = lines.find(|line| line.as_ref().unwrap().contains("turn_start"));
    assert!(started.is_some(), "it did not start: {:?}", finish(child));
    kill(&format!("-{signal}"), child.id());
    // Whatever it still writes must find a reader.
    let rest = std::thread::spawn(move || lines.map_while(Result::ok).collect::<Vec<_>>());
    let ran = finish(child);
    rest.join().unwrap();
    ran
}

fn kill(signal: &str, pid: u32) {
    let status = Command::new("kill").args([signal, &pid.to_string()]).status().unwrap();
    assert!(status.success());
}

/// Whether a process is still there, one that has ended and was not yet reaped apart.
fn lives(pid: &str) -> bool {
    let listed = Command::new("ps").args(["-o", "stat=", "-p", pid]).stdin(Stdio::null()).output().unwrap();
    let state = String::from_utf8_lossy(&listed.stdout).trim().to_owned();
    !state.is_empty() && !state.starts_with('Z')
}

/// Waits until the process whose id is in the file has ended. Nobody tells us: it is not our child.
fn is_gone(file: &Path) {
    let pid = std::fs::read_to_string(file).unwrap();
    let begun = Instant::now();
    while lives(pid.trim()) {
        assert!(begun.elapsed() < Duration::from_secs(10), "process {} was left behind", file.display());
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn nothing_is_left(home: &Home) {
    let directory = home.extensions().join("stubborn");
    is_gone(&directory.join("child"));
    is_gone(&directory.join("grandchild"));
}

#[test]
fn terminate_ends_everything_at_once() {
    let home = Home::new();
    let begun = Instant::now();
    let ran = interrupted(&home, "TERM");
    assert_eq!(ran.code, Some(143), "{ran:?}");
    nothing_is_left(&home);
    assert!(begun.elapsed() < Duration::from_secs(30), "it took {:?}", begun.elapsed());
}

#[test]
fn interrupt_ends_politely() {
    let home = Home::new();
    let ran = interrupted(&home, "INT");
    assert_eq!(ran.code, Some(130), "{ran:?}");
    nothing_is_left(&home);
}

#[test]
fn hang_up_ends_everything_at_once() {
    let home = Home::new();
    let ran = interrupted(&home, "HUP");
    assert_eq!(ran.code, Some(129), "{ran:?}");
    nothing_is_left(&home);
}
