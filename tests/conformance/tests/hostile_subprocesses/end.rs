//! Programs that do not want to end, and programs that have started others.

use crate::stage::{Setting, until_gone};

const STUBBORN: &str = "trap '' TERM; greet; ready
    (trap '' TERM; while :; do sleep 1000; done) &
    while :; do sleep 1000; done";
const LEAVES_OTHERS: &str =
    "greet; sleep 1000 & echo $! > grandchild; ready; while question; do show ok; done";
const DIES_WITH_OTHERS: &str = "greet; sleep 1000 & ready; question; kill -9 $$";
/// A process in a session of its own is beyond the reach of a signal to the group.
const LETS_ONE_ESCAPE: &str = "greet; setsid sh -c 'echo $$ > escaped; exec sleep 1000' &
    while ! [ -s escaped ]; do sleep 0.02; done; ready
    while question; do show ok; done";

#[tokio::test]
async fn ignores_the_shutdown_and_the_signal() {
    let play = Setting::script(STUBBORN).start().await;
    let log = play.end().await;
    assert!(log.contains("it did not end within 2 s: SIGTERM"), "{log}");
    assert!(log.contains("it did not end within 1 s of SIGTERM: SIGKILL"), "{log}");
    assert!(log.contains("stopped: killed by SIGKILL"), "{log}");
}

#[tokio::test]
async fn grandchildren_that_stay_are_killed_with_its_group() {
    let mut play = Setting::script(LEAVES_OTHERS).start().await;
    assert_eq!(play.command().await, "ok");
    let log = play.end().await;
    assert!(log.contains("stopped: exit status 0"), "{log}");
}

#[tokio::test]
async fn grandchildren_that_hold_its_pipes_do_not_hide_its_death() {
    let mut play = Setting::script(DIES_WITH_OTHERS).start().await;
    play.command_fails("it was killed by SIGKILL").await;
    play.end().await;
}

/// It is not killed; but it hinders nobody, though it holds the pipes.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn grandchild_in_a_session_of_its_own_keeps_nobody_waiting() {
    let mut play = Setting::script(LETS_ONE_ESCAPE).start().await;
    assert_eq!(play.command().await, "ok");
    let escaped = play.number("escaped");
    let log = play.end().await;
    assert!(log.contains("stopped: exit status 0"), "{log}");
    kill(escaped);
    until_gone(escaped);
}

#[cfg(target_os = "linux")]
#[allow(clippy::disallowed_methods, reason = "what escaped is ended by hand")]
fn kill(pid: u32) {
    let status = std::process::Command::new("kill").args(["-KILL", &pid.to_string()]).status().unwrap();
    assert!(status.success(), "it is not there any more");
}
