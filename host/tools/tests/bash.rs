//! The tool `bash`.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]

mod calling;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use calling::{Pieces, call, context, error, ok, tool};
use tempfile::tempdir;
use wharf_protocol::json::Json;
use wharf_protocol::tool::ToolOutput;

async fn bash(command: &str) -> ToolOutput {
    let home = tempdir().unwrap();
    call(home.path(), "bash", &serde_json::json!({"command": command}).to_string()).await
}

/// The answer without the time that it took.
fn timeless(text: &str) -> String {
    let (text, time) = text.rsplit_once("  Took ").unwrap();
    assert!(time.ends_with('s') && time.trim_end_matches('s').parse::<f64>().is_ok(), "{time}");
    text.to_owned()
}

#[tokio::test]
async fn the_answer_shows_command_output_and_status() {
    for (command, expected, is_error) in [
        ("echo GUARDED", "$ echo GUARDED\n\nGUARDED\n\n[exit 0]", false),
        ("printf 'a\\nb'", "$ printf 'a\\nb'\n\na\nb\n\n[exit 0]", false),
        ("true", "$ true\n\n[exit 0]", false),
        ("echo out; echo err >&2; exit 3", "$ echo out; echo err >&2; exit 3\n\nout\nerr\n\n[exit 3]", true),
        ("kill -9 $$", "$ kill -9 $$\n\n... [killed by SIGKILL]\n\n[exit -1]", true),
        ("cat", "$ cat\n\n[exit 0]", false),
    ] {
        let output = bash(command).await;
        assert_eq!(output.is_error, is_error, "{output:?}");
        assert_eq!(timeless(&output.joined_text()), expected);
    }
}

#[tokio::test]
async fn it_runs_in_the_working_directory() {
    let home = tempdir().unwrap();
    std::fs::write(home.path().join("here.txt"), "").unwrap();
    assert!(ok(call(home.path(), "bash", r#"{"command":"ls"}"#).await).contains("here.txt"));
}

#[tokio::test]
async fn a_blank_command_is_refused() {
    assert_eq!(error(bash("  ").await), "command is required");
    let home = tempdir().unwrap();
    assert_eq!(error(call(home.path(), "bash", "{}").await), "command is required");
    assert!(error(call(home.path(), "bash", r#"{"command":1}"#).await).starts_with("invalid args: "));
}

#[tokio::test]
async fn long_output_is_cut_and_kept_in_a_file() {
    for (command, notice, shown, bytes) in [
        ("seq 1 5000", "... [truncated at 2000 lines]\n", 8893, 23893),
        ("head -c 200000 /dev/zero | tr '\\0' x", "... [truncated at 51200 bytes]\n", 51200, 200_000),
    ] {
        let text = ok(bash(command).await);
        let (_, output) = text.split_once("\n\n").unwrap();
        let (output, rest) =
            output.split_once(notice).unwrap_or_else(|| panic!("{}", &text[text.len() - 300..]));
        assert_eq!(output.trim_end().len() + usize::from(notice.contains("lines")), shown);
        let (_, file) = rest.split_once("[exit 0] (full output: ").unwrap();
        let file = PathBuf::from(file.split_once(')').unwrap().0);
        assert_eq!(std::fs::metadata(&file).unwrap().len(), bytes);
        std::fs::remove_file(file).unwrap();
    }
}

#[tokio::test]
async fn progress_comes_in_small_pieces_of_whole_characters() {
    let home = tempdir().unwrap();
    std::fs::write(home.path().join("text"), "€".repeat(10_000)).unwrap();
    std::fs::write(home.path().join("bytes"), vec![0xff; 9000]).unwrap();
    for (command, expected) in [("cat text", "€".repeat(10_000)), ("cat bytes", "\u{fffd}".repeat(9000))] {
        let pieces = Pieces::default();
        let args = Json::of(&serde_json::json!({"command": command})).unwrap();
        tool(home.path(), "bash").call(&args, &pieces, &context()).await;
        let seen = pieces.seen.into_inner().unwrap();
        assert_eq!(seen.concat(), expected);
        assert!(seen.iter().all(|piece| piece.len() <= 4096));
    }
}

#[tokio::test]
async fn a_command_that_takes_too_long_is_ended() {
    let home = tempdir().unwrap();
    let start = Instant::now();
    let text = error(call(home.path(), "bash", r#"{"command":"echo before; sleep 60","timeout":1}"#).await);
    assert!(start.elapsed() < Duration::from_secs(30));
    assert!(text.contains("before\n... [timed out after 1 s]\n\n[exit -1]"), "{text}");
}

/// Runs a command and cancels as soon as it says `ready`.
async fn aborted(home: &Path, command: &str) -> (String, Duration) {
    let cx = context();
    let pieces = Pieces { cancel: Some(("ready", cx.cancel.clone())), ..Pieces::default() };
    let args = Json::of(&serde_json::json!({"command": command})).unwrap();
    let start = Instant::now();
    let output = tool(home, "bash").call(&args, &pieces, &cx).await;
    (error(output), start.elapsed())
}

#[tokio::test]
async fn an_abort_ends_the_whole_group() {
    let home = tempdir().unwrap();
    ok(call(home.path(), "bash", r#"{"command":"mkfifo held"}"#).await);
    let held = home.path().join("held");
    // Read to its end once nobody holds it any more.
    let (sender, ended) = std::sync::mpsc::channel();
    std::thread::spawn(move || sender.send(std::fs::read(held)));
    let (text, took) = aborted(home.path(), "sh -c 'echo ready; sleep 60' 3>held & wait").await;
    assert!(text.contains("\n\nready\n\n[exit -1]  Took "), "{text}");
    assert!(took < Duration::from_secs(30));
    ended.recv_timeout(Duration::from_secs(30)).expect("the background process still lives").unwrap();
}

#[tokio::test]
async fn a_command_that_ignores_the_request_is_killed() {
    let home = tempdir().unwrap();
    let (text, took) = aborted(home.path(), "trap '' TERM; echo ready; while :; do sleep 1; done").await;
    assert!(text.contains("[exit -1]"), "{text}");
    assert!(took >= Duration::from_secs(3) && took < Duration::from_secs(30), "{took:?}");
}

#[tokio::test]
async fn a_background_process_does_not_keep_the_answer() {
    let start = Instant::now();
    let text = ok(bash("sleep 60 & echo started").await);
    assert!(start.elapsed() < Duration::from_secs(30));
    let expected = "started\n... [a background process still held the output; what belonged to the command was ended]\n\n[exit 0]";
    assert!(text.contains(expected), "{text}");
}

/// One thread does all, and something else keeps it for longer than a command lingers.
#[tokio::test]
async fn output_is_not_lost_to_who_comes_late() {
    let hog = tokio::spawn(async {
        loop {
            std::thread::sleep(Duration::from_millis(300));
            tokio::task::yield_now().await;
        }
    });
    let text = ok(bash("seq 1 8000").await);
    hog.abort();
    let file = text.split_once("full output: ").and_then(|(_, rest)| rest.split_once(')')).unwrap().0;
    let whole = std::fs::read_to_string(file).unwrap();
    std::fs::remove_file(file).unwrap();
    assert!(whole.ends_with("\n8000\n"), "{} bytes: {text}", whole.len());
}

#[tokio::test]
async fn who_has_left_the_group_and_holds_the_output_is_told() {
    let left = if cfg!(target_os = "linux") { "setsid sleep 4 & echo started" } else { return };
    let text = ok(bash(left).await);
    assert!(
        text.contains("started\n") && text.contains("holds the output; what it writes is lost]"),
        "{text}"
    );
}

#[tokio::test]
async fn a_cancelled_call_starts_nothing() {
    let home = tempdir().unwrap();
    let cx = context();
    cx.cancel.cancel();
    let args = Json::new(r#"{"command":"touch started"}"#).unwrap();
    assert_eq!(error(tool(home.path(), "bash").call(&args, &(), &cx).await), "aborted");
    assert!(!home.path().join("started").exists());
}
