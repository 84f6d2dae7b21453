//! The order of events and hooks, as an extension sees it.

use serde_json::json;
use wharf_conformance::scenarios;
use wharf_test_support::{BackendKind, Home, script};

scenarios! {
    events_and_hooks_come_in_the_contracted_order
        => EventOrder, EventSessionStart, EventTurnStart, EventAssistantMessage, EventToolCall, EventTurnEnd,
            EventToolResult, HookPromptPass, HookTurnStartPass, HookMessagePass, HookToolCallPass, HookResultPass;
    a_refused_turn_ends => EventTurnEnd, HookTurnStartRefuse;
}

async fn events_and_hooks_come_in_the_contracted_order(backend: BackendKind) {
    let expected = [
        "event session_start",
        "hook prompt \"go\" by the user",
        "event prompt \"go\" -",
        "event turn_start 1",
        "hook turn_start 1",
        "event usage 0 0",
        "hook assistant_message \"let me\\nsee\"",
        "event assistant_message \"let me\\nsee\"",
        "event tool_call probe_echo {\"text\":\"hi\"}",
        "event turn_end tool_use",
        "hook tool_call probe_echo {\"text\":\"hi\"}",
        "hook tool_result probe_echo ok {\"text\":\"hi\"}",
        "event tool_result probe_echo ok \"echo:hi\"",
        "event turn_start 2",
        "hook turn_start 2",
        "event usage 0 0",
        "event assistant_message \"\"",
        "event tool_call probe_add_args {\"a\":1}",
        "event tool_call probe_trace {}",
        "event turn_end tool_use",
        "hook tool_call probe_add_args {\"a\":1}",
        "hook tool_result probe_add_args ok {\"a\":1,\"added\":true}",
        "event tool_result probe_add_args ok \"{\\\"a\\\":1,\\\"added\\\":true}\"",
        "hook tool_call probe_trace {}",
    ];
    let home = Home::new();
    home.install(backend, "probe");
    let lines = [
        script::says_and_calls("let me\nsee", "probe_echo", json!({ "text": "hi" })),
        script::calls_all([("probe_add_args", json!({ "a": 1 })), ("probe_trace", json!({}))]),
        script::says("done"),
    ];
    let mut session = home.session().script(lines).start().await;
    let transcript = session.run("go").await;
    let texts = transcript.texts();
    assert_eq!(texts[..2], ["echo:hi", "{\"a\":1,\"added\":true}"]);
    assert_eq!(texts[2].lines().collect::<Vec<_>>(), expected);
    session.close().await;
}

async fn a_refused_turn_ends(backend: BackendKind) {
    let home = Home::new();
    home.install(backend, "probe");
    let lines = [
        script::calls("probe_block_next_turn", json!({})),
        script::calls("probe_trace", json!({})),
        script::says("done"),
    ];
    let mut session = home.session().script(lines).start().await;
    assert_eq!(session.run("go").await.outcome.exit_code(), 5);
    let transcript = session.run("what happened?").await;
    let text = &transcript.texts()[0];
    let refused = [
        "event turn_start 2",
        "hook turn_start 2",
        "event turn_end error \"probe refuses the turn\"",
        "event prompt_end refused",
        "hook prompt \"what happened?\" by the user",
        "event prompt \"what happened?\" -",
        "event turn_start 1",
    ];
    assert!(text.contains(&refused.join("\n")), "{text}");
    session.close().await;
}
