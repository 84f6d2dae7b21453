//! A guard at each point that crashes when it is asked, with a policy that is open and one that is closed. In how many
//! ways one can fail is shown in `failures`.

use std::fs;

use serde_json::json;
use wharf_conformance::scenarios;
use wharf_protocol::hook::{HookPoint, OnFailure};
use wharf_runtime::Status;
use wharf_runtime::ports::event::AgentEvent;
use wharf_runtime::ports::message::{Body, Message};
use wharf_test_support::wat::{Export, Guest};
use wharf_test_support::{BackendKind, Home, Session, script};

scenarios! {
    failed_tool_call_hook => HookToolCallOpen, HookToolCallClosed;
    failed_turn_start_hook => HookTurnStartOpen, HookTurnStartClosed;
    failed_message_hook => HookMessageOpen, HookMessageClosed;
    failed_prompt_hook => HookPromptOpen, HookPromptClosed;
    failed_result_hook => HookResultOpen, HookResultClosed;
    a_result_that_is_too_large_for_a_guard_fails_as_it_is_declared in subprocess => SubprocessResultTooLarge;
    a_large_result_is_shown_to_a_guard in component => ComponentLargeResult;
    failed_compaction_hook => HookCompactionOpen, HookCompactionClosed;
}

const POLICIES: [OnFailure; 2] = [OnFailure::Open, OnFailure::Closed];
const REFUSED: &str = "refused because extension \"guard\", which guards this, failed: ";

/// Speaks version 2, and dies of the first question.
const SCRIPT: &str = r#"say() { printf '%s\n' "$1"; }
say '{"type":"hello","name":"guard","protocol_version":2}'
say '{"type":"register_hook","on":"POINT"}'
say '{"type":"ready"}'
while IFS= read -r line; do
    case $line in *event_intercept*) kill -ABRT $$;; *shutdown*) exit 0;; esac
done
"#;

fn export(point: HookPoint) -> Export {
    match point {
        HookPoint::ToolCall => Export::HookToolCall,
        HookPoint::TurnStart => Export::HookTurnStart,
        HookPoint::AssistantMessage => Export::HookAssistantMessage,
        HookPoint::Prompt => Export::HookPrompt,
        HookPoint::ToolResult => Export::HookToolResult,
        HookPoint::Compaction => Export::HookCompaction,
    }
}

/// A home with a guard at this point whose manifest declares the policy.
pub(crate) async fn guarded(
    backend: BackendKind,
    point: HookPoint,
    policy: OnFailure,
    lines: impl IntoIterator<Item = String>,
) -> (Home, Session) {
    let home = Home::new();
    let directory = home.extensions().join("guard");
    fs::create_dir_all(&directory).unwrap();
    let mut manifest = json!({
        "name": "guard",
        "wharf": { "api": "0.1", "hooks": [{ "on": point, "on_failure": policy }] },
    });
    match backend {
        BackendKind::Component => {
            manifest["wasm"] = json!("guard.wasm");
            let guest = Guest::new("guard").on(export(point), "unreachable").encode();
            fs::write(directory.join("guard.wasm"), guest).unwrap();
        }
        BackendKind::Subprocess => {
            (manifest["exec"], manifest["args"]) = (json!("sh"), json!(["guard.sh"]));
            fs::write(directory.join("guard.sh"), SCRIPT.replace("POINT", point.as_str())).unwrap();
        }
    }
    fs::write(directory.join("extension.json"), manifest.to_string()).unwrap();
    let session = home.session().script(lines).start().await;
    (home, session)
}

/// Checks that it was told, with its consequence.
async fn told(session: &mut Session, problems: &[String], point: HookPoint, policy: OnFailure) {
    let consequence = match policy {
        OnFailure::Open => "let pass",
        OnFailure::Closed => "refused",
    };
    let consequence = format!(" → {consequence} (hook {point}); ");
    let fits = |problem: &String| problem.starts_with("guard \"guard\": ") && problem.contains(&consequence);
    if !problems.iter().any(fits) {
        session.problem(&["guard \"guard\": ", &consequence]).await;
    }
}

async fn failed_tool_call_hook(backend: BackendKind) {
    for policy in POLICIES {
        let lines = [script::calls("bash", json!({ "command": "echo through" })), script::says("done")];
        let (_home, mut session) = guarded(backend, HookPoint::ToolCall, policy, lines).await;
        let transcript = session.run("go").await;
        assert_eq!(transcript.texts()[0].starts_with(REFUSED), policy == OnFailure::Closed);
        assert_eq!(transcript.outcome.text, "done");
        told(&mut session, &transcript.problems(), HookPoint::ToolCall, policy).await;
        session.close().await;
    }
}

async fn failed_turn_start_hook(backend: BackendKind) {
    for policy in POLICIES {
        let (_home, mut session) =
            guarded(backend, HookPoint::TurnStart, policy, [script::says("done")]).await;
        let transcript = session.run("go").await;
        match (policy, &transcript.outcome.status) {
            (OnFailure::Open, Status::Ok) => assert_eq!(transcript.outcome.text, "done"),
            (OnFailure::Closed, Status::Refused(why)) => assert!(why.contains(REFUSED), "{why}"),
            (_, other) => panic!("{policy:?}: {other:?}"),
        }
        told(&mut session, &transcript.problems(), HookPoint::TurnStart, policy).await;
        session.close().await;
    }
}

async fn failed_message_hook(backend: BackendKind) {
    for policy in POLICIES {
        let lines = [script::says("done")];
        let (_home, mut session) = guarded(backend, HookPoint::AssistantMessage, policy, lines).await;
        let transcript = session.run("go").await;
        assert_eq!(transcript.outcome.status, Status::Ok);
        assert_eq!(transcript.outcome.text, if policy == OnFailure::Open { "done" } else { "" });
        let hidden = transcript.events.iter().find_map(|event| match event {
            AgentEvent::MessageHidden { by, reason } => Some((by.as_str(), reason.starts_with(REFUSED))),
            _ => None,
        });
        assert_eq!(hidden, (policy == OnFailure::Closed).then_some(("guard", true)));
        told(&mut session, &transcript.problems(), HookPoint::AssistantMessage, policy).await;
        session.close().await;
    }
}

async fn failed_prompt_hook(backend: BackendKind) {
    for policy in POLICIES {
        let (_home, mut session) = guarded(backend, HookPoint::Prompt, policy, [script::says("done")]).await;
        let transcript = session.run("go").await;
        match (policy, &transcript.outcome.status) {
            (OnFailure::Open, Status::Ok) => assert_eq!(transcript.user_texts(), ["go"]),
            (OnFailure::Closed, Status::Refused(why)) => assert!(why.contains(REFUSED), "{why}"),
            (_, other) => panic!("{policy:?}: {other:?}"),
        }
        told(&mut session, &transcript.problems(), HookPoint::Prompt, policy).await;
        session.close().await;
    }
}

async fn failed_result_hook(backend: BackendKind) {
    for policy in POLICIES {
        let lines = [script::calls("bash", json!({ "command": "echo a secret" })), script::says("done")];
        let (_home, mut session) = guarded(backend, HookPoint::ToolResult, policy, lines).await;
        let transcript = session.run("go").await;
        let text = &transcript.texts()[0];
        assert_eq!(text.contains("a secret"), policy == OnFailure::Open, "{text}");
        assert_eq!(text.starts_with(REFUSED), policy == OnFailure::Closed, "{text}");
        told(&mut session, &transcript.problems(), HookPoint::ToolResult, policy).await;
        session.close().await;
    }
}

/// An image that is as large as the tool `read` takes them; as a line of JSON it has a third more.
fn place_image(home: &Home) {
    let mut image = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0".to_vec();
    image.resize(5 << 20, 0);
    fs::write(home.project().join("large.png"), image).unwrap();
}

fn reads_image() -> [String; 2] {
    [script::calls("read", json!({ "path": "large.png" })), script::says("done")]
}

fn has_image(messages: &[Message]) -> bool {
    let results = messages.iter().filter_map(|message| match &message.body {
        Body::Tool(results) => Some(results),
        _ => None,
    });
    results.flatten().any(|result| result.output.content.iter().any(|content| content.as_text().is_none()))
}

async fn a_result_that_is_too_large_for_a_guard_fails_as_it_is_declared(backend: BackendKind) {
    for policy in POLICIES {
        let (home, mut session) = guarded(backend, HookPoint::ToolResult, policy, reads_image()).await;
        place_image(&home);
        let transcript = session.run("go").await;
        assert_eq!(has_image(&session.messages().await), policy == OnFailure::Open);
        let problems = transcript.problems();
        told(&mut session, &problems, HookPoint::ToolResult, policy).await;
        assert!(problems.iter().any(|problem| problem.contains("are allowed")), "{problems:?}");
        let guards = session.run("/guards").await.outcome.text;
        assert!(guards.contains("tool_result") && guards.contains("failed: it was not asked"), "{guards}");
        session.close().await;
    }
}

async fn a_large_result_is_shown_to_a_guard(backend: BackendKind) {
    for policy in POLICIES {
        let (home, session) = guarded(backend, HookPoint::ToolResult, policy, reads_image()).await;
        session.close().await;
        let guest =
            Guest::new("guard").returns(Export::HookToolResult, |memory| memory.variant(0, "")).encode();
        fs::write(home.extensions().join("guard/guard.wasm"), guest).unwrap();
        place_image(&home);
        let mut session = home.session().script(reads_image()).start().await;
        let transcript = session.run("go").await;
        assert_eq!(transcript.problems(), Vec::<String>::new());
        assert!(has_image(&session.messages().await), "it let it pass");
        let guards = session.run("/guards").await.outcome.text;
        assert!(guards.contains("tool_result") && guards.contains("let pass"), "{guards}");
        session.close().await;
    }
}

async fn failed_compaction_hook(backend: BackendKind) {
    for policy in POLICIES {
        let lines = ["one", "two", "the model's summary"].map(script::says);
        let (_home, mut session) = guarded(backend, HookPoint::Compaction, policy, lines).await;
        session.run("first").await;
        session.run("second").await;
        match (policy, session.wharf().compact("").await) {
            (OnFailure::Open, Ok(Some(done))) => assert_eq!(done.summary, "the model's summary"),
            (OnFailure::Closed, Err(why)) => assert!(why.to_string().contains(REFUSED), "{why}"),
            (_, other) => panic!("{policy:?}: {other:?}"),
        }
        let kept = session.messages().await.len();
        assert_eq!(kept, if policy == OnFailure::Open { 1 } else { 4 });
        told(&mut session, &[], HookPoint::Compaction, policy).await;
        session.close().await;
    }
}
