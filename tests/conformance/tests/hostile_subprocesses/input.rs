//! Nobody reads standard input: what waits is bounded, calls end in time, events are dropped and counted.

use std::time::Duration;

use wharf_runtime::Status;
use wharf_runtime::extensions::limits::{Bytes, Limits};
use wharf_test_support::script;

use crate::stage::{SEE, Setting, is_fault};

const DEAF: &str = "greet
    say '{\"type\":\"subscribe\",\"events\":[\"turn_start\",\"turn_end\",\"assistant_message\"]}'
    ready; sleep 1000";

/// Few lines and bytes, so that little fills them; and deadlines that do not take long, but longer than it takes to
/// write a line of a MiB.
fn narrow(limits: &mut Limits) {
    limits.version_1.command = Duration::from_millis(400);
    limits.subprocess.queue_lines = 8;
    limits.subprocess.queue = Bytes::mib(4);
}

#[tokio::test]
async fn many_calls() {
    let mut play = Setting::script(DEAF).limits(narrow).start().await;
    // More than the pipe holds, so that all that follows waits in the queue.
    let long = format!("/hostile {}", "x".repeat(1 << 20));
    let mut causes = Vec::new();
    for _ in 0..12 {
        causes.push(play.run_in_vain(&long).await);
    }
    is_fault(&causes[0], "command /hostile", "timed out after 400 ms", SEE);
    let busy = causes.iter().find(|cause| cause.contains("busy: "));
    let busy = busy.unwrap_or_else(|| panic!("its queue is never full: {causes:#?}"));
    // Two or three of them fit, as one may be on its way already.
    let waiting = if busy.contains("busy: 2") { 2 } else { 3 };
    is_fault(busy, "command /hostile", &format!("busy: {waiting} calls are waiting already"), SEE);
    play.end().await;
}

#[tokio::test]
async fn many_events() {
    let says = (0..8).map(|_| script::says(&"x".repeat(64 << 10)));
    let mut play = Setting::script(DEAF).limits(narrow).start_with_script(says).await;
    for _ in 0..8 {
        assert_eq!(play.session.run("go on").await.outcome.status, Status::Ok);
    }
    let log = play.end().await;
    assert!(log.contains("dropped: it does not read its standard input (8 dropped so far)"), "{log}");
}

#[tokio::test]
async fn huge_call() {
    let mut play = Setting::script(DEAF).start().await;
    let message = play.run_in_vain(&format!("/hostile {}", "x".repeat(5 << 20))).await;
    let cause = "it was not asked: the frame would be a line of 5242954 bytes, 4194304 are allowed";
    is_fault(&message, "command /hostile", cause, SEE);
    play.end().await;
}
