//! What is on the screen: several panels, their number, and what becomes of it all when the extension is lost.

use serde_json::json;
use wharf_conformance::scenarios;
use wharf_runtime::extensions::ExtensionId;
use wharf_runtime::ports::event::AgentEvent;
use wharf_test_support::{BackendKind, Home, Session, script};

scenarios! {
    two_panels_are_told_apart => PanelsSeveral, PanelClosedByOwner;
    eight_panels_are_the_most => PanelsAtMost;
    the_screen_of_a_lost_extension_is_cleared => PanelsGone, StatusGone;
    sixty_texts_are_shown_at_once => RequestDisplayRate;
    a_dialog_of_a_dead_process_is_closed in subprocess => SubprocessDialogGone;
}

fn desk() -> ExtensionId {
    ExtensionId::new("desk").unwrap()
}

async fn at(home: &Home, backend: BackendKind) -> Session {
    home.install(backend, "desk");
    home.session().with(|builder| builder.ui(true)).start().await
}

async fn ask(session: &mut Session, what: serde_json::Value) -> String {
    session.run(&format!("call desk {what}")).await.outcome.text
}

async fn two_panels_are_told_apart(backend: BackendKind) {
    let home = Home::new();
    let mut session = at(&home, backend).await;
    for id in ["a", "b"] {
        assert_eq!(ask(&mut session, json!({ "do": "open", "panel": id, "lines": [id] })).await, "done");
    }
    let drawn = session.run(r#"call desk {"do":"render","panel":"a","lines":["anew"]}"#).await;
    let drawn = drawn.events.iter().find_map(|event| match event {
        AgentEvent::ExtPanel { panel, .. } => Some((panel.id.clone(), panel.lines.clone())),
        _ => None,
    });
    assert_eq!(drawn, Some(("a".to_owned(), vec!["anew".to_owned()])));
    assert!(session.wharf().panel_key(&desk(), "b", "enter", ""));
    let closed = session.run(r#"call desk {"do":"close","panel":"a"}"#).await;
    let is_closed = |event: &AgentEvent| matches!(event, AgentEvent::ExtPanelClosed { id, .. } if id == "a");
    assert!(closed.events.iter().any(is_closed), "{:#?}", closed.events);
    assert!(!session.wharf().panel_key(&desk(), "a", "enter", ""), "it is closed");
    assert!(session.wharf().panel_key(&desk(), "b", "down", ""), "it is open still");
    let heard = ask(&mut session, json!({ "do": "heard" })).await;
    assert!(heard.contains("key b enter ") && heard.contains("key b down "), "{heard}");
    assert!(!heard.contains("key a"), "{heard}");
    session.close().await;
}

async fn eight_panels_are_the_most(backend: BackendKind) {
    let home = Home::new();
    let mut session = at(&home, backend).await;
    for id in 1..=8 {
        assert_eq!(ask(&mut session, json!({ "do": "open", "panel": id.to_string() })).await, "done", "{id}");
    }
    let one_more = ask(&mut session, json!({ "do": "open", "panel": "9" })).await;
    assert_eq!(one_more, "error: 8 panels are open already");
    assert_eq!(ask(&mut session, json!({ "do": "open", "panel": "8" })).await, "done", "it is open already");
    assert_eq!(ask(&mut session, json!({ "do": "close", "panel": "1" })).await, "done");
    assert_eq!(ask(&mut session, json!({ "do": "open", "panel": "9" })).await, "done", "there is room again");
    session.close().await;
}

async fn the_screen_of_a_lost_extension_is_cleared(backend: BackendKind) {
    let home = Home::new();
    let mut session = at(&home, backend).await;
    assert_eq!(ask(&mut session, json!({ "do": "status", "text": "busy" })).await, "done");
    for id in ["a", "b"] {
        assert_eq!(ask(&mut session, json!({ "do": "open", "panel": id })).await, "done");
    }
    let run = session.begin(r#"call desk {"do":"abort"}"#).await;
    for id in ["a", "b"] {
        let closed = |event: &AgentEvent| {
            matches!(event, AgentEvent::ExtPanelClosed { id: closed, .. } if closed == id).then_some(())
        };
        session.until("the end of a panel", closed).await;
    }
    let cleared = |event: &AgentEvent| {
        matches!(event, AgentEvent::ExtStatus { text, .. } if text.is_empty()).then_some(())
    };
    session.until("the end of the status", cleared).await;
    session.finish(run).await;
    assert!(!session.wharf().panel_key(&desk(), "a", "enter", ""));
    assert_eq!(ask(&mut session, json!({ "do": "open", "panel": "a" })).await, "done", "its next start");
    session.close().await;
}

/// One more comes with each second, so that it is not known how many of so many are shown.
async fn sixty_texts_are_shown_at_once(backend: BackendKind) {
    let home = Home::new();
    home.install(backend, "desk");
    let texts = (1..=150).map(|number| ("desk", json!({ "do": "display", "text": number.to_string() })));
    let mut session = home.session().script([script::calls_all(texts), script::says("done")]).start().await;
    let transcript = session.run("go").await;
    let texts = transcript.texts();
    assert!(texts[..60].iter().all(|text| text == "done"), "{texts:?}");
    let refused: Vec<&String> = texts.iter().filter(|text| *text != "done").collect();
    assert!(!refused.is_empty() && refused.iter().all(|text| text.starts_with("error: ")), "{refused:?}");
    let shown = transcript.events.iter().filter(|event| matches!(event, AgentEvent::ExtDisplay { .. }));
    assert_eq!(shown.count(), texts.len() - refused.len());
    session.close().await;
}

/// Opens a dialog in its tool's call, and tells its process.
const ASKING: &str = r#"say() { printf '%s\n' "$1"; }
say '{"type":"hello","name":"asking","protocol_version":2}'
say '{"type":"register_tool","name":"ask"}'
say '{"type":"ready"}'
while IFS= read -r line; do
    case $line in *'"tool_call"'*) break;; *shutdown*) exit 0;; esac
done
id=${line#*'"id":"'} id=${id%%'"'*}
say '{"type":"notify","message":"'"$$"'"}'
say '{"type":"request","id":"1","call":"'"$id"'","kind":"confirm","title":"sure?"}'
while IFS= read -r line; do :; done
"#;

async fn a_dialog_of_a_dead_process_is_closed(_: BackendKind) {
    let home = Home::new();
    home.install_shell("asking", ASKING);
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
