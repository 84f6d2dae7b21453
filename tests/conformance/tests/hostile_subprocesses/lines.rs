//! Lines that are too long, torn or no text, and floods of them.

use std::time::Duration;

use tokio::time::{sleep, timeout};
use wharf_runtime::extensions::limits::{Bytes, Limits};

use crate::stage::{Play, SEE, Setting};

const DEATH_IN_A_LINE: &str = "greet; ready; question; printf '{\"type\":\"notify\",'; exit 3";
const FIVE_MEBIBYTES: &str = "greet; ready; question
    head -c 5242880 /dev/zero | tr '\\0' x; sleep 1000";
const NO_TEXT: &str = "greet; ready
    while question; do printf '\\377\\376 \\0 nonsense\\n'; show \"$(printf 'a\\377b')\"; done";
/// Each of them marks its end, which does not come while a test lasts if the host keeps its pace, and within a second if
/// it does not.
const FLOOD_OF_NONSENSE: &str = "greet; ready; question; show 'here it comes'
    (yes | head -n 100000; touch through) & while question; do show 'still here'; done";
const FLOOD_OF_NOTICES: &str = "greet; ready; question; show 'here it comes'
    (yes '{\"type\":\"notify\",\"message\":\"hear me\"}' | head -n 100000; touch through) &
    while question; do show 'still here'; done";
const FLOOD_OF_REGISTRATIONS: &str = "greet; ready; question; show 'here it comes'
    (yes '{\"type\":\"register_tool\",\"name\":\"many\"}' | head -n 100000; touch through) &
    while question; do show 'still here'; done";
const FLOOD_OF_ERRORS: &str = "greet; ready; question; show 'here it comes'
    (yes 'woe is me' | head -n 1000000; touch through) >&2 &
    while question; do show 'still here'; done";
const FLOOD_WITHOUT_A_NEWLINE: &str = "greet; ready; question; show 'here it comes'
    (head -c 1073741824 /dev/zero; touch through) >&2 & while question; do show 'still here'; done";
const FLOOD_BEFORE_THE_HELLO: &str = "yes";

#[tokio::test]
async fn half_a_line_and_death() {
    let mut play = Setting::script(DEATH_IN_A_LINE).start().await;
    let cause = "it ended with exit status 3: the stream ended in the middle of a line, after 17 bytes of it";
    play.command_fails(cause).await;
    // Told once, as the fault of the call; the log has the consequence.
    let log = play.end().await;
    assert!(log.contains(&format!("call: {cause}")) && log.contains("→ it starts again in 250 ms"), "{log}");
}

#[tokio::test]
async fn line_of_five_mebibytes() {
    let mut play = Setting::script(FIVE_MEBIBYTES).start().await;
    play.command_fails("it was killed: a line is longer than 4194304 bytes").await;
    play.end().await;
}

#[tokio::test]
async fn line_over_a_limit_that_was_chosen() {
    let tight = |limits: &mut Limits| limits.subprocess.line = Bytes::kib(64);
    let mut play = Setting::script(FIVE_MEBIBYTES).limits(tight).start().await;
    play.command_fails("it was killed: a line is longer than 65536 bytes").await;
    play.end().await;
}

#[tokio::test]
async fn bytes_that_are_no_text() {
    let mut play = Setting::script(NO_TEXT).start().await;
    assert_eq!(play.command().await, "a\u{fffd}b");
    let log = play.end().await;
    assert!(log.contains("skipped a line: malformed JSON"), "{log}");
}

/// What comes too fast stays in the pipe, so that the flood costs the host no more than the pace.
async fn flood(script: &str) -> (Play, String) {
    let mut play = Setting::script(script).start().await;
    assert_eq!(play.command().await, "here it comes");
    for _ in 0..20 {
        play.neighbour_answers().await;
    }
    sleep(Duration::from_millis(1500)).await;
    let through = play.home.extensions().join("hostile/through");
    assert!(!through.exists(), "the whole flood was taken in");
    let log = play.home.log("hostile");
    (play, log)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flood_on_standard_output() {
    for script in [FLOOD_OF_NONSENSE, FLOOD_OF_NOTICES, FLOOD_OF_REGISTRATIONS] {
        let (play, _) = flood(script).await;
        let log = play.end().await;
        assert!(log.len() < 1 << 20, "the log has {} bytes", log.len());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flood_on_standard_error() {
    for script in [FLOOD_OF_ERRORS, FLOOD_WITHOUT_A_NEWLINE] {
        let (mut play, _) = flood(script).await;
        // Standard output is another pipe, and not held back.
        let answer = timeout(Duration::from_secs(5), play.command());
        assert_eq!(answer.await.expect("its answers wait behind its errors"), "still here");
        let log = play.end().await;
        assert!(log.len() < 1 << 20, "the log has {} bytes", log.len());
    }
}

#[tokio::test]
async fn flood_before_the_hello() {
    let mut play = Setting::script(FLOOD_BEFORE_THE_HELLO).start().await;
    let cause = "the first line must be a hello frame: malformed JSON: expected value at line 1 column 1; its \
        first line was: y";
    play.fault("start", cause, SEE).await;
    play.end().await;
}
