//! Interception: refusing, rewriting, replacing, hiding.

use serde_json::json;
use wharf_conformance::scenarios;
use wharf_runtime::Status;
use wharf_runtime::ports::event::AgentEvent;
use wharf_runtime::ports::message::{Body, joined_text, tool_calls};
use wharf_test_support::{BackendKind, Home, Session, script};

scenarios! {
    hook_refuses_a_call => HookToolCallRefuse;
    hook_rewrites_a_call => HookToolCallRewrite;
    hook_refuses_a_turn => HookTurnStartRefuse;
    hook_replaces_a_message => HookMessageReplace;
    hook_hides_a_message => HookMessageHide;
}

/// The text of the first message of the model, in the transcript.
async fn kept_text(session: &Session) -> String {
    let bodies = session.messages().await.into_iter().map(|message| message.body);
    let mut texts = bodies.filter_map(|body| match body {
        Body::Assistant(blocks) => Some(joined_text(&blocks, "\n")),
        Body::User(_) | Body::Tool(_) => None,
    });
    texts.next().unwrap()
}

async fn hook_refuses_a_call(backend: BackendKind) {
    let home = Home::new();
    home.install(backend, "probe");
    let lines = [
        script::calls("bash", json!({ "command": "touch ran; rm -rf ./nothing" })),
        script::says("understood"),
    ];
    let mut session = home.session().script(lines).start().await;
    let transcript = session.run("go").await;
    let results = session.results().await;
    assert!(results[0].output.is_error);
    assert_eq!(results[0].output.joined_text(), "probe refuses rm -rf");
    assert!(!home.project().join("ran").exists(), "the refused command ran");
    // A guard's refusal of a call is no failure of the run.
    assert_eq!(transcript.outcome.status, Status::Ok);
    assert_eq!(transcript.outcome.exit_code(), 0);
    assert_eq!(transcript.outcome.text, "understood");
    session.close().await;
}

async fn hook_rewrites_a_call(backend: BackendKind) {
    let home = Home::new();
    home.install(backend, "probe");
    let lines =
        [script::calls("bash", json!({ "command": "echo plain | tee said" })), script::says("understood")];
    let mut session = home.session().script(lines).start().await;
    let transcript = session.run("go").await;
    assert_eq!(std::fs::read_to_string(home.project().join("said")).unwrap(), "GUARDED\n");
    let (output, ran) = transcript.results()[0];
    assert!(output.joined_text().contains("GUARDED"), "{output:?}");
    assert_eq!(ran.unwrap().as_str(), r#"{"command":"echo GUARDED | tee said"}"#);
    // The transcript keeps what the model asked for, and what ran.
    let messages = session.messages().await;
    let asked = messages.iter().find_map(|message| match &message.body {
        Body::Assistant(blocks) => tool_calls(blocks).next(),
        Body::User(_) | Body::Tool(_) => None,
    });
    assert_eq!(asked.unwrap().args.as_str(), r#"{"command":"echo plain | tee said"}"#);
    let results = session.results().await;
    assert_eq!(results[0].ran.as_ref().unwrap().as_str(), r#"{"command":"echo GUARDED | tee said"}"#);
    session.close().await;
}

async fn hook_refuses_a_turn(backend: BackendKind) {
    let why = "extension \"probe\" refused: probe refuses the turn";
    let home = Home::new();
    home.install(backend, "probe");
    let lines =
        [script::calls("probe_block_next_turn", json!({})), script::says("the next one is let through")];
    let mut session = home.session().script(lines).start().await;
    let transcript = session.run("go").await;
    assert_eq!(transcript.outcome.status, Status::Refused(why.to_owned()));
    assert_eq!(transcript.outcome.exit_code(), 5);
    let message = why.to_owned();
    assert!(transcript.events.contains(&AgentEvent::Error { message }), "{:#?}", transcript.events);
    assert_eq!(session.run("again").await.outcome.text, "the next one is let through");
    session.close().await;
}

async fn hook_replaces_a_message(backend: BackendKind) {
    let home = Home::new();
    home.install(backend, "probe");
    let mut session = home.session().script([script::says("the SECRET is out")]).start().await;
    let transcript = session.run("go").await;
    assert_eq!(transcript.outcome.text, "the [redacted] is out");
    let shown = transcript.events.iter().find_map(|event| match event {
        AgentEvent::AssistantMessage { blocks, replaced, .. } => Some((joined_text(blocks, "\n"), *replaced)),
        _ => None,
    });
    assert_eq!(shown, Some(("the [redacted] is out".to_owned(), true)));
    assert_eq!(kept_text(&session).await, "the SECRET is out");
    session.close().await;
}

async fn hook_hides_a_message(backend: BackendKind) {
    let home = Home::new();
    home.install(backend, "probe");
    let mut session = home.session().script([script::says("HIDE ME")]).start().await;
    let transcript = session.run("go").await;
    assert_eq!(transcript.outcome.status, Status::Ok);
    assert_eq!(transcript.outcome.text, "");
    let hidden = transcript.events.iter().find_map(|event| match event {
        AgentEvent::MessageHidden { by, reason } => Some((by.as_str(), reason.as_str())),
        _ => None,
    });
    assert_eq!(hidden, Some(("probe", "probe hides the message")));
    let shown = transcript.events.iter().any(|event| matches!(event, AgentEvent::AssistantMessage { .. }));
    assert!(!shown, "{:#?}", transcript.events);
    assert_eq!(kept_text(&session).await, "HIDE ME");
    session.close().await;
}
