//! Answers that nobody asked for: under an unknown id, a second time, too late, of another kind.

use std::time::Duration;

use crate::stage::Setting;

const UNKNOWN_ID: &str = "greet; ready
    while question; do
        asked=$id id=000000999999; show wrong; id=$asked; show right
    done";
const TWICE: &str = "greet; ready; while question; do show first; show second; done";
const TOO_LATE: &str = "greet; ready; question; sleep 0.5; show late
    while question; do show 'in time'; done";
const ANOTHER_KIND: &str = "greet; ready
    while question; do
        say '{\"type\":\"tool_result\",\"id\":\"'$id'\",\"content\":[{\"type\":\"text\",\"text\":\"wrong\"}]}'
        say '{\"type\":\"event_intercept_response\",\"id\":\"'$id'\",\"block\":true}'
        show right
    done";

#[tokio::test]
async fn unknown_id() {
    let mut play = Setting::script(UNKNOWN_ID).start().await;
    assert_eq!(play.command().await, "right");
    let log = play.end().await;
    let told = "skipped command_response: nobody waits for id \"000000999999\" (unknown, or too late)";
    assert!(log.contains(told), "{log}");
}

#[tokio::test]
async fn twice() {
    let mut play = Setting::script(TWICE).start().await;
    for _ in 0..3 {
        assert_eq!(play.command().await, "first");
    }
    let log = play.end().await;
    assert!(log.matches("skipped command_response: nobody waits").count() >= 2, "{log}");
}

#[tokio::test]
async fn after_the_deadline() {
    let hasty =
        Setting::script(TOO_LATE).limits(|limits| limits.version_1.command = Duration::from_millis(300));
    let mut play = hasty.start().await;
    play.command_fails("timed out after 300 ms").await;
    // Its late answer is not taken for that to the next question, whether that comes before or after it.
    let next = loop {
        let outcome = play.session.run("/hostile").await.outcome;
        if !outcome.text.is_empty() {
            break outcome.text;
        }
    };
    assert_eq!(next, "in time");
    let log = play.end().await;
    assert!(log.contains("skipped command_response: nobody waits"), "{log}");
}

#[tokio::test]
async fn of_another_kind() {
    let mut play = Setting::script(ANOTHER_KIND).start().await;
    assert_eq!(play.command().await, "right");
    let log = play.end().await;
    for kind in ["tool_result", "event_intercept_response"] {
        assert!(log.contains(&format!("skipped {kind}: nobody waits")), "{log}");
    }
}
