//! More than anybody reads: log lines, standard output, notices. All of it is bounded, and what was dropped is counted.

use std::fs;

use serde_json::json;
use wharf_runtime::extensions::limits::LogLimits;
use wharf_runtime::ports::event::AgentEvent;
use wharf_test_support::wat::{Export, Guest, Memory};
use wharf_test_support::{Home, Transcript, script};

use crate::scenario::{goes_on, home};
use crate::soaking;

/// Where 8192 letters lie in the memory of these guests.
const TEXT: u32 = Memory::BEGIN;

/// A tool that does something again and again, once more after a while in which a little is allowed again, and then
/// answers.
fn repeating(count: u64, guest: Guest, action: &str) -> Vec<u8> {
    let mut answer = 0;
    let guest = guest.returns(Export::Tool, |memory: &mut Memory| {
        // What is said lies at TEXT.
        assert_eq!(memory.put(&[b'x'; 8192]), TEXT);
        answer = memory.output("still here");
        answer
    });
    let body = format!(
        "(local $left i64) (local.set $left (i64.const {count}))
        (loop {action}
            (br_if 0 (i64.ne (i64.const 0)
                (local.tee $left (i64.sub (local.get $left) (i64.const 1))))))
        (call $block (call $timer (i64.const 50000000)))
        {action}
        (i32.const {answer})"
    );
    guest.on(Export::Tool, body).encode()
}

/// Calls the tool, and checks that it was let do and that everything else goes on. Returns the home, with its log,
/// and what was told.
async fn flooded(bad: Vec<u8>) -> (Home, Transcript) {
    let home = home(&bad);
    let lines = [script::calls("bad", json!({})), script::calls("good", json!({})), script::says("done")];
    let mut session = home.session().script(lines).start().await;
    let transcript = session.run("go").await;
    goes_on(&transcript);
    assert_eq!(transcript.texts()[0], "still here");
    session.close().await;
    (home, transcript)
}

/// The log is small, and says that something is not in it.
fn is_bounded(home: &Home) {
    let log = home.log("bad");
    assert!(log.contains("dropped"), "nothing is said to be dropped in {} bytes", log.len());
    let logs = home.path().join("logs");
    let sizes = fs::read_dir(logs).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len());
    let size: u64 = sizes.sum();
    let most = LogLimits::STANDARD.per_day.wide() * 5 / 4;
    assert!(size < most, "the logs have {size} bytes, {most} were expected at most");
}

/// A million lines, in a soak ten millions.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn log_lines() {
    let count = if soaking() { 10_000_000 } else { 1_000_000 };
    let guest = Guest::new("bad");
    let action = format!("(call $log (i32.const 2) (i32.const {TEXT}) (i32.const 16))");
    is_bounded(&flooded(repeating(count, guest, &action)).await.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_log_lines() {
    let guest = Guest::new("bad");
    let action = format!("(call $log (i32.const 2) (i32.const {TEXT}) (i32.const 8192))");
    is_bounded(&flooded(repeating(2000, guest, &action)).await.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn standard_output() {
    let count = if soaking() { 40_000 } else { 10_000 };
    let guest = Guest::new("bad").wat("(global $out (mut i32) (i32.const 0))");
    let action = format!(
        "(if (i32.eqz (global.get $out)) (then (global.set $out (call $stdout))))
        (call $print (global.get $out) (i32.const {TEXT}) (i32.const 4096) (i32.const 512))"
    );
    is_bounded(&flooded(repeating(count, guest, &action)).await.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn notices() {
    let guest = Guest::new("bad");
    let action = format!("(call $notify (i32.const 0) (i32.const {TEXT}) (i32.const 16))");
    let (_, transcript) = flooded(repeating(100_000, guest, &action)).await;
    let shown =
        transcript.events.iter().filter(|event| matches!(event, AgentEvent::ExtNotify { .. })).count();
    assert!((1..1000).contains(&shown), "{shown} notices were shown");
}
