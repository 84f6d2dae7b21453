//! Dialogs: what the user is asked, and for how long.

use serde_json::json;
use wharf_conformance::scenarios;
use wharf_runtime::ports::event::AgentEvent;
use wharf_runtime::{Reply, Request};
use wharf_test_support::{BackendKind, Home, Session};

use crate::requests::{ask, at, order};

scenarios! {
    a_fifth_dialog_is_refused in subprocess => SubprocessDialogs;
    a_dialog_of_a_dead_process_is_closed in subprocess => SubprocessDialogGone;
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

/// Waits for the call of its tool, whose id is in `$id` then.
const CALLED: &str = r#"say() { printf '%s\n' "$1"; }
say '{"type":"hello","name":"asking","protocol_version":2}'
say '{"type":"register_tool","name":"ask"}'
say '{"type":"ready"}'
while IFS= read -r line; do
    case $line in *'"tool_call"'*) break;; *shutdown*) exit 0;; esac
done
id=${line#*'"id":"'} id=${id%%'"'*}
"#;

/// Opens a dialog in its tool's call, and tells its process.
const ASKING: &str = r#"
say '{"type":"notify","message":"'"$$"'"}'
say '{"type":"request","id":"1","call":"'"$id"'","kind":"confirm","title":"sure?"}'
while IFS= read -r line; do :; done
"#;

/// Opens five dialogs in its tool's call, and answers with what it is told of the first that is answered.
const PRESSING: &str = r#"
for one in 1 2 3 4 5; do
    say '{"type":"request","id":"'$one'","call":"'"$id"'","kind":"confirm","title":"sure?"}'
done
IFS= read -r line
line=$(printf %s "$line" | tr -d '"{}\\')
say '{"type":"tool_result","id":"'"$id"'","content":[{"type":"text","text":"'"$line"'"}]}'
while IFS= read -r line; do :; done
"#;

async fn a_fifth_dialog_is_refused(_: BackendKind) {
    let home = Home::new();
    home.install_shell("asking", &format!("{CALLED}{PRESSING}"));
    let mut session = home.session().with(|builder| builder.ui(true)).start().await;
    let transcript = session.run("call ask {}").await;
    let text = &transcript.texts()[0];
    assert!(text.contains("error:full"), "{text}");
    // Those that were open end with the call, each when its turn comes.
    let is_end = |event: &AgentEvent| matches!(event, AgentEvent::ExtDialogClosed { .. });
    let mut closed = transcript.events.iter().filter(|event| is_end(event)).count();
    while closed < 4 {
        session.until("the end of a dialog", |event| is_end(event).then_some(())).await;
        closed += session.forget_all(is_end);
    }
    assert_eq!(closed, 4);
    session.close().await;
}

async fn a_dialog_of_a_dead_process_is_closed(_: BackendKind) {
    let home = Home::new();
    home.install_shell("asking", &format!("{CALLED}{ASKING}"));
    let mut session = home.session().with(|builder| builder.ui(true)).start().await;
    let run = session.begin("call ask {}").await;
    let notice = |event: &AgentEvent| match event {
        AgentEvent::ExtNotify { message, .. } => Some(message.clone()),
        _ => None,
    };
    let process = session.until("its process", notice).await;
    let opened = |event: &AgentEvent| match event {
        AgentEvent::ExtDialog { id, .. } => Some(*id),
        _ => None,
    };
    let open = session.until("the dialog", opened).await;
    crate::kill(&process);
    let closed =
        |event: &AgentEvent| matches!(event, AgentEvent::ExtDialogClosed { id } if *id == open).then_some(());
    session.until("the end of the dialog", closed).await;
    assert!(!session.wharf().answer(open, None), "nobody waits for the answer");
    let text = session.finish(run).await.texts()[0].clone();
    assert!(text.contains("it was killed by SIGKILL"), "{text}");
    session.close().await;
}
