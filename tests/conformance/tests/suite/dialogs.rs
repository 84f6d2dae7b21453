//! Dialogs: what the user is asked, and for how long.

use serde_json::json;
use wharf_conformance::scenarios;
use wharf_runtime::ports::event::AgentEvent;
use wharf_runtime::{Reply, Request};
use wharf_test_support::{BackendKind, Home, Session};

use crate::requests::{ask, at, order};

scenarios! {
    a_dialog_waits_for_the_user
        => RequestSelect, RequestConfirm, RequestInput, DialogDismissed, DialogDuringCalls;
    a_dialog_ends_with_its_call => DialogEndsWithCall;
    a_dialog_has_its_time => DialogHasTime;
}

/// The number of the dialog that is open.
async fn dialog(session: &mut Session, fits: impl Fn(&Request) -> bool) -> u64 {
    session
        .until("a dialog", |event| match event {
            AgentEvent::ExtDialog { id, dialog, .. } if fits(dialog) => Some(*id),
            _ => None,
        })
        .await
}

async fn a_dialog_waits_for_the_user(backend: BackendKind) {
    let home = Home::new();
    let mut session = at(&home, backend, true).await;
    let cases = [
        (
            json!({ "do": "select", "text": "which?", "choices": ["a", "b"] }),
            Some(Reply::Choice { index: 1 }),
            "1",
        ),
        (json!({ "do": "confirm", "text": "sure?" }), Some(Reply::Confirmed { yes: true }), "yes"),
        (json!({ "do": "input", "text": "name?" }), Some(Reply::Text { text: "Ada".into() }), "Ada"),
        (json!({ "do": "input", "text": "name?" }), None, "error: the user gave no answer"),
        (json!({ "do": "select", "text": "?", "choices": [] }), None, "error: a dialog has 1 to 200 choices"),
    ];
    for (what, answer, expected) in cases {
        let run = session.begin(&order(what.clone())).await;
        if !expected.contains("choices") {
            let id = dialog(&mut session, |_| true).await;
            assert!(session.wharf().answer(id, answer));
            assert!(!session.wharf().answer(id, None), "it is answered already");
        }
        assert_eq!(session.finish(run).await.outcome.text, expected, "{what}");
    }
    // A command may ask as well as a tool.
    let run = session.begin(r#"/desk {"do":"confirm","text":"sure?"}"#).await;
    let id = dialog(&mut session, |dialog| matches!(dialog, Request::Confirm { .. })).await;
    assert!(session.wharf().answer(id, Some(Reply::Confirmed { yes: false })));
    assert_eq!(session.finish(run).await.outcome.text, "no");
    let heard = ask(&mut session, json!({ "do": "heard" })).await;
    assert!(heard.contains("no dialog at an event"), "{heard}");
    session.close().await;
}

async fn a_dialog_ends_with_its_call(backend: BackendKind) {
    let home = Home::new();
    let mut session = at(&home, backend, true).await;
    let run = session.begin(&order(json!({ "do": "confirm", "text": "sure?" }))).await;
    let open = dialog(&mut session, |_| true).await;
    run.cancel();
    let transcript = session.finish(run).await;
    assert_eq!(transcript.outcome.exit_code(), 130);
    let closed = |event: &AgentEvent| matches!(event, AgentEvent::ExtDialogClosed { id } if *id == open);
    if !transcript.events.iter().any(closed) {
        session.until("the end of the dialog", |event| closed(event).then_some(())).await;
    }
    assert!(!session.wharf().answer(open, Some(Reply::Confirmed { yes: true })));
    assert_eq!(ask(&mut session, json!({ "do": "display", "text": "on" })).await, "done", "it goes on");
    session.close().await;
}

/// While the user thinks, the call's deadline stands still.
async fn a_dialog_has_its_time(backend: BackendKind) {
    use std::time::Duration;
    use wharf_runtime::extensions::limits::Limits;
    let home = Home::new();
    home.install(backend, "desk");
    let mut limits = Limits::STANDARD;
    limits.standard.tool = Duration::from_millis(700);
    let mut session = home.session().with(|builder| builder.ui(true).limits(limits)).start().await;
    let run = session.begin(&order(json!({ "do": "confirm", "text": "sure?" }))).await;
    let id = dialog(&mut session, |_| true).await;
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert!(session.wharf().answer(id, Some(Reply::Confirmed { yes: true })));
    assert_eq!(session.finish(run).await.outcome.text, "yes");
    session.close().await;
}
