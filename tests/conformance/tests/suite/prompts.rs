//! Prompts of extensions while another prompt is answered: they wait, and keep their order.

use serde_json::json;
use wharf_conformance::scenarios;
use wharf_runtime::ports::event::AgentEvent;
use wharf_test_support::{BackendKind, Home, script};

scenarios! {
    submitted_prompts_wait_and_keep_their_order => RequestSubmit;
    a_hook_is_told_who_a_prompt_is_from => HookPromptPass;
}

async fn submitted_prompts_wait_and_keep_their_order(backend: BackendKind) {
    let home = Home::new();
    home.install(backend, "desk");
    let submit = |text: &str| ("desk", json!({ "do": "submit", "text": text }));
    let lines = [
        script::calls_all([submit("second"), submit("third")]),
        script::says("the first answer"),
        script::says("the second answer"),
        script::says("the third answer"),
    ];
    let mut session = home.session().script(lines).start().await;
    let run = session.begin("first").await;
    let last = |event: &AgentEvent| {
        matches!(event, AgentEvent::TextDelta(text) if text == "the third answer").then_some(())
    };
    session.until("the last answer", last).await;
    let transcript = session.finish(run).await;
    assert_eq!(transcript.user_texts(), ["first", "second", "third"]);
    let order = transcript.events.iter().filter_map(|event| match event {
        AgentEvent::UserMessage { .. } => Some("prompt"),
        AgentEvent::TextDelta(_) => Some("answer"),
        _ => None,
    });
    assert_eq!(order.collect::<Vec<_>>(), ["prompt", "answer"].repeat(3));
    session.close().await;
}

async fn a_hook_is_told_who_a_prompt_is_from(backend: BackendKind) {
    let home = Home::new();
    home.install(backend, "desk");
    home.install(backend, "probe");
    let lines = [
        script::calls("desk", json!({ "do": "submit", "text": "more" })),
        script::says("one"),
        script::calls("probe_trace", json!({})),
        script::says("two"),
    ];
    let mut session = home.session().script(lines).start().await;
    let run = session.begin("go").await;
    let trace = |event: &AgentEvent| match event {
        AgentEvent::ToolResult { output, .. } if output.joined_text().contains("hook prompt") => {
            Some(output.joined_text())
        }
        _ => None,
    };
    let trace = session.until("the trace", trace).await;
    session.finish(run).await;
    for line in ["hook prompt \"go\" by the user", "hook prompt \"more\" by desk"] {
        assert!(trace.lines().any(|other| other == line), "{line}: {trace}");
    }
    session.close().await;
}
