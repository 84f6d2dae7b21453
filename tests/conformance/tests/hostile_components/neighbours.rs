//! A guest that loops keeps nobody else waiting: not even when there are more of them than threads for guests.

use serde_json::json;
use wharf_runtime::Status;
use wharf_runtime::ports::event::AgentEvent;
use wharf_test_support::wat::{Export, Guest};
use wharf_test_support::{Home, script};

use crate::scenario::home;

/// More than there are threads on which guests go on that do not answer at once.
const LOOPING: usize = 4;

/// Tells that it was called, and loops. No clock ends it within this test: a tool has 10 s to compute.
fn looping() -> Vec<u8> {
    let body = "(call $notify (i32.const 0) (i32.const 0) (i32.const 1)) (loop (br 0)) unreachable";
    Guest::new("bad").on(Export::Tool, body).encode()
}

/// Refuses every turn: an answer that only its hook can have given.
fn refusing() -> Vec<u8> {
    let guest = Guest::new("guard").returns(Export::HookTurnStart, |memory| memory.variant(1, "not now"));
    guest.encode()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn looping_guests_keep_no_hook_waiting() {
    let busy = home(&looping());
    let quiet = Home::new();
    std::fs::write(quiet.extensions().join("guard.wasm"), refusing()).unwrap();
    let mut answering = quiet.session().start().await;
    let mut sessions = Vec::new();
    for _ in 0..LOOPING {
        let mut session = busy.session().script([script::calls("bad", json!({}))]).start().await;
        let run = session.begin("go").await;
        let called = |event: &AgentEvent| {
            matches!(event, AgentEvent::ExtNotify { message, .. } if !message.contains("compiled"))
                .then_some(())
        };
        session.until("the notice that it was called", called).await;
        sessions.push((session, run));
    }
    for _ in 0..10 {
        let transcript = answering.run("hi").await;
        assert!(
            matches!(&transcript.outcome.status, Status::Refused(why) if why.contains("not now")),
            "{transcript:?}"
        );
        assert_eq!(transcript.problems(), Vec::<String>::new());
    }
    for (mut session, run) in sessions {
        // All of that was while they looped: what they are ended by is this.
        run.cancel();
        assert_eq!(session.finish(run).await.outcome.status, Status::Cancelled);
        session.close().await;
    }
    answering.close().await;
}
