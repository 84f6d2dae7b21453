//! Interception beyond zot's three hooks: prompts, tools' results, compaction, and calls about which the user is to be
//! asked; and the events that zot does not have.

use serde_json::json;
use wharf_conformance::scenarios;
use wharf_runtime::ports::event::AgentEvent;
use wharf_runtime::{ModelChoice, Status};
use wharf_test_support::{BackendKind, Home, Session, script};

scenarios! {
    hook_refuses_a_prompt => HookPromptRefuse;
    hook_rewrites_a_prompt => HookPromptRewrite;
    hook_deals_with_a_prompt => HookPromptHandle;
    hook_puts_nothing_in_place => HookTextEmpty;
    hook_turns_a_result => HookResultReplace;
    hook_has_the_user_asked => HookToolCallAsk;
    hook_summarises_or_refuses => HookCompactionSummary, HookCompactionRefuse;
    hook_lets_the_model_summarise => HookCompactionPass;
    model_and_session_changes_are_told => EventModelChange, EventSessionSwitch;
    tokens_are_told => EventUsage;
    guards_are_listed_with_what_came_of_them => HooksListed;
}

async fn probe(home: &Home, backend: BackendKind, lines: impl IntoIterator<Item = String>) -> Session {
    home.install(backend, "probe");
    home.session().script(lines).start().await
}

async fn hook_refuses_a_prompt(backend: BackendKind) {
    let home = Home::new();
    let mut session = probe(&home, backend, [script::says("never said")]).await;
    let transcript = session.run("please REFUSE ME").await;
    let why = "extension \"probe\" refused the prompt: probe refuses the prompt";
    assert_eq!(transcript.outcome.status, Status::Refused(why.to_owned()));
    assert_eq!(transcript.outcome.exit_code(), 5);
    assert!(transcript.events.contains(&AgentEvent::Error { message: why.to_owned() }));
    assert!(session.messages().await.is_empty(), "it is no part of the transcript");
    session.close().await;
}

async fn hook_rewrites_a_prompt(backend: BackendKind) {
    let home = Home::new();
    let mut session = probe(&home, backend, [script::says("ok")]).await;
    let transcript = session.run("please REWRITE ME").await;
    assert_eq!(transcript.user_texts(), ["please rewritten"]);
    assert_eq!(transcript.outcome.text, "ok");
    session.close().await;
}

async fn hook_deals_with_a_prompt(backend: BackendKind) {
    let home = Home::new();
    let mut session = probe(&home, backend, [script::says("never said")]).await;
    let transcript = session.run("please HANDLE ME").await;
    assert_eq!(transcript.outcome.status, Status::Ok);
    assert_eq!(transcript.outcome.text, "probe has dealt with it");
    assert!(session.messages().await.is_empty());
    session.close().await;
}

/// The prompt's hook is closed, the message's open.
async fn hook_puts_nothing_in_place(backend: BackendKind) {
    let home = Home::new();
    let mut session = probe(&home, backend, [script::says("EMPTY ME")]).await;
    let refused = session.run("EMPTY ME").await;
    let Status::Refused(why) = &refused.outcome.status else { panic!("{refused:#?}") };
    assert!(why.contains("the prompt is empty"), "{why}");
    let shown = session.run("go").await;
    assert_eq!(shown.outcome.text, "EMPTY ME");
    let failed = shown.problems();
    assert!(failed.iter().any(|line| line.contains("the message is empty → let pass")), "{failed:?}");
    session.close().await;
}

async fn hook_turns_a_result(backend: BackendKind) {
    let home = Home::new();
    let lines = [
        script::calls("probe_echo", json!({ "text": "TURN ME" })),
        script::calls("read", json!({ "path": "TURN ME" })),
        script::says("done"),
    ];
    let mut session = probe(&home, backend, lines).await;
    let transcript = session.run("go").await;
    let results = session.results().await;
    assert_eq!(results[0].output.joined_text(), "echo:turned");
    assert!(results[0].output.is_error, "a success has become an error");
    assert!(results[1].output.joined_text().contains("turned"), "{:?}", results[1]);
    assert!(!results[1].output.is_error, "a failure has become a success");
    assert_eq!(transcript.texts()[0], "echo:turned", "the faces see what the model sees");
    session.close().await;
}

async fn hook_has_the_user_asked(backend: BackendKind) {
    let home = Home::new();
    let lines = [script::calls("bash", json!({ "command": "echo ask first > said" })), script::says("done")];
    let mut session = probe(&home, backend, lines).await;
    let transcript = session.run("go").await;
    // Everything is approved in this run, and yet: nobody can be asked here.
    assert!(!home.project().join("said").exists(), "it ran without asking");
    let text = &transcript.texts()[0];
    assert!(text.contains("\"probe\" wants the user to be asked about bash (probe is not sure)"), "{text}");
    assert_eq!(transcript.outcome.exit_code(), 5);
    session.close().await;
}

async fn hook_summarises_or_refuses(backend: BackendKind) {
    let home = Home::new();
    let lines = ["one", "two", "the model's summary"].map(script::says);
    let mut session = probe(&home, backend, lines).await;
    assert_eq!(session.wharf().compact("").await.unwrap(), None, "there is nothing to summarise");
    session.run("first").await;
    session.run("second").await;
    let refused = session.wharf().compact("all").await.unwrap_err();
    assert_eq!(refused.to_string(), "probe keeps all");
    assert_eq!(session.messages().await.len(), 4, "the conversation is as it was");

    let done = session.wharf().compact("mine").await.unwrap().unwrap();
    assert_eq!((done.summary.as_str(), done.messages), ("probe's summary", 4));
    assert_eq!(done.by.unwrap().as_str(), "probe");
    assert_eq!(session.messages().await.len(), 1);
    session.close().await;
}

async fn hook_lets_the_model_summarise(backend: BackendKind) {
    let home = Home::new();
    let lines = ["one", "two", "the model's summary"].map(script::says);
    let mut session = probe(&home, backend, lines).await;
    session.run("first").await;
    session.run("second").await;
    let done = session.wharf().compact("").await.unwrap().unwrap();
    assert_eq!((done.summary.as_str(), done.by), ("the model's summary", None));
    session.close().await;
}

async fn tokens_are_told(backend: BackendKind) {
    let home = Home::new();
    let counted = json!({ "text": "one", "usage": { "input": 120, "output": 9 } }).to_string();
    let mut session = probe(&home, backend, [counted, script::calls("probe_trace", json!({}))]).await;
    session.run("first").await;
    let trace = session.run("second").await.texts()[0].clone();
    assert!(trace.contains("\nevent usage 120 9\nhook assistant_message \"one\"\n"), "{trace}");
    session.close().await;
}

async fn model_and_session_changes_are_told(backend: BackendKind) {
    let home = Home::new();
    let mut session = probe(&home, backend, [script::says("one")]).await;
    session.run("first").await;
    session.wharf().set_model(&ModelChoice::Demo).await.unwrap();
    session.wharf().new_session().await;
    assert!(session.messages().await.is_empty());
    let transcript = session.run("call probe_trace {}").await;
    let trace = transcript.texts()[0].clone();
    for expected in ["event model_change demo/demo", "event session_switch new"] {
        assert!(trace.lines().any(|line| line == expected), "{expected}: {trace}");
    }
    session.close().await;
}

async fn guards_are_listed_with_what_came_of_them(backend: BackendKind) {
    let home = Home::new();
    let lines = [
        script::calls("bash", json!({ "command": "rm -rf ./nothing" })),
        script::says("done"),
        script::says("a summary"),
    ];
    let mut session = probe(&home, backend, lines).await;
    let before = session.run("/guards").await.outcome.text;
    assert!(before.contains("guard \"probe\": tool_call, closed: not asked yet"), "{before}");
    session.run("go").await;
    let transcript = session.run("/guards").await;
    let text = &transcript.outcome.text;
    for expected in [
        "guard \"probe\": tool_call, closed: refused: probe refuses rm -rf, 2",
        "guard \"probe\": turn_start, open: let pass, 2",
        "guard \"probe\": compaction, open: not asked yet",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    assert!(transcript.events.contains(&AgentEvent::Display { text: text.clone() }));
    let compacted = session.run("/compact").await;
    assert_eq!(compacted.outcome.text, "a summary");
    session.close().await;
}
