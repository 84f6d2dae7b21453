//! Extensions that were written from the pages in docs/ alone: one and the same in five languages, in
//! `fixtures/languages`. Each scenario of version 1 is described once and runs for each language.

use std::time::{Duration, Instant};

use serde_json::json;
use wharf_conformance::{Backends, Behaviour, Scenario};
use wharf_protocol::notice::Level;
use wharf_runtime::Status;
use wharf_runtime::extensions::State;
use wharf_runtime::ports::event::AgentEvent;
use wharf_runtime::ports::message::joined_text;
use wharf_test_support::script;

use crate::spoken::{Spoken, spoken};

/// What all of these show together.
pub(crate) const SCENARIOS: &[Scenario] = &[Scenario {
    path: module_path!(),
    backends: Backends::SUBPROCESS,
    shows: &[Behaviour::SubprocessLanguages],
}];

spoken!(
    docks,
    tool_answers,
    tool_fails,
    command_displays,
    command_asks_the_model,
    command_inserts,
    command_opens_a_panel,
    command_does_nothing,
    command_fails,
    notice_is_told,
    hook_refuses_a_call,
    hook_rewrites_a_call,
    hook_refuses_a_turn,
    hook_replaces_a_message,
    events_and_hooks_come_in_the_contracted_order,
    leaves_when_it_is_told_to,
);

async fn docks(it: Spoken) {
    let mut session = it.home.session().start().await;
    assert_eq!(session.problems(), Vec::<String>::new());
    let listings = session.wharf().extensions();
    let [listing] = listings.as_slice() else { panic!("one was expected: {listings:#?}") };
    assert_eq!(listing.name, it.name);
    assert_eq!(listing.state, State::Running);
    let tools = ["echo", "fail", "block_next_turn", "trace"].map(|tool| it.own(tool));
    assert_eq!(listing.tools, tools);
    assert_eq!(listing.commands, [it.name]);
    assert_eq!(listing.hooks, ["tool_call", "turn_start", "assistant_message"]);
    session.close().await;
}

async fn tool_answers(it: Spoken) {
    let text = "hi & <hello> \"quoted\" \\ back\n\ttab € 😀   ";
    let lines = [script::calls(&it.own("echo"), json!({ "text": text })), script::says("heard")];
    let mut session = it.home.session().script(lines).start().await;
    let transcript = session.run("go").await;
    assert_eq!(transcript.texts(), [format!("echo:{text}")]);
    assert!(!transcript.results()[0].0.is_error);
    assert_eq!(transcript.outcome.text, "heard");
    assert_eq!(transcript.problems(), Vec::<String>::new());
    session.close().await;
}

async fn tool_fails(it: Spoken) {
    let lines = [script::calls(&it.own("fail"), json!({})), script::says("ok")];
    let mut session = it.home.session().script(lines).start().await;
    let transcript = session.run("go").await;
    assert_eq!(transcript.texts(), [it.says("fails")]);
    assert!(transcript.results()[0].0.is_error);
    assert_eq!(transcript.outcome.text, "ok");
    // A tool that says no is an answer, not a fault of the extension.
    assert_eq!(transcript.problems(), Vec::<String>::new());
    session.close().await;
}

async fn command_displays(it: Spoken) {
    let transcript = it.command("display").await;
    assert_eq!(transcript.outcome.status, Status::Ok);
    assert_eq!(transcript.outcome.text, it.says("displays"));
}

async fn command_asks_the_model(it: Spoken) {
    let transcript = it.command("prompt").await;
    assert_eq!(transcript.user_texts(), [it.says("asks")]);
    assert_eq!(transcript.outcome.text, "the model answers");
}

async fn command_inserts(it: Spoken) {
    let transcript = it.command("insert").await;
    assert_eq!(transcript.outcome.status, Status::Ok);
    let inserted = transcript.events.iter().find_map(|event| match event {
        AgentEvent::ExtInsert { text, .. } => Some(text.clone()),
        _ => None,
    });
    assert_eq!(inserted, Some(it.says("drafts")), "{:#?}", transcript.events);
}

async fn command_opens_a_panel(it: Spoken) {
    let transcript = it.command("panel").await;
    assert_eq!(transcript.outcome.status, Status::Ok);
    let panel = transcript.events.iter().find_map(|event| match event {
        AgentEvent::ExtPanel { panel, .. } => Some(panel),
        _ => None,
    });
    let panel = panel.unwrap_or_else(|| panic!("no panel: {:#?}", transcript.events));
    assert_eq!(panel.id, it.name);
    assert_eq!(panel.title, it.says("panel"));
    assert_eq!(panel.lines, ["one", "two"]);
    assert_eq!(panel.footer, it.says("foot"));
}

async fn command_does_nothing(it: Spoken) {
    let transcript = it.command("noop").await;
    assert_eq!(transcript.outcome.status, Status::Ok);
    assert_eq!(transcript.events, [AgentEvent::Done]);
}

async fn command_fails(it: Spoken) {
    for word in ["error", ""] {
        let why = format!("extension \"{0}\": command /{0}: {0} error", it.name);
        assert_eq!(it.command(word).await.outcome.status, Status::Failed(why), "{word:?}");
    }
}

async fn notice_is_told(it: Spoken) {
    let transcript = it.command("notify").await;
    let notice = transcript.events.iter().find_map(|event| match event {
        AgentEvent::ExtNotify { extension, level, message } => {
            Some((extension.as_str(), *level, message.clone()))
        }
        _ => None,
    });
    assert_eq!(notice, Some((it.name, Level::Warn, it.says("notifies"))), "{:#?}", transcript.events);
}

async fn hook_refuses_a_call(it: Spoken) {
    let command = json!({ "command": "touch ran; rm -rf ./nothing" });
    let mut session =
        it.home.session().script([script::calls("bash", command), script::says("ok")]).start().await;
    let transcript = session.run("go").await;
    assert_eq!(transcript.texts(), [it.says("refuses rm -rf")]);
    assert!(transcript.results()[0].0.is_error);
    assert!(!it.home.project().join("ran").exists(), "the refused command ran");
    assert_eq!(transcript.outcome.text, "ok");
    session.close().await;
}

async fn hook_rewrites_a_call(it: Spoken) {
    let command = json!({ "command": "echo plain | tee \"said\"", "timeout": 20 });
    let mut session =
        it.home.session().script([script::calls("bash", command), script::says("ok")]).start().await;
    let transcript = session.run("go").await;
    assert_eq!(transcript.problems(), Vec::<String>::new());
    assert_eq!(std::fs::read_to_string(it.home.project().join("said")).unwrap(), "GUARDED\n");
    let ran: serde_json::Value =
        serde_json::from_str(transcript.results()[0].1.expect("it was rewritten").as_str()).unwrap();
    assert_eq!(ran, json!({ "command": "echo GUARDED | tee \"said\"", "timeout": 20 }));
    session.close().await;
}

async fn hook_refuses_a_turn(it: Spoken) {
    let lines = [script::calls(&it.own("block_next_turn"), json!({})), script::says("let through")];
    let mut session = it.home.session().script(lines).start().await;
    let why = format!("extension \"{}\" refused: {}", it.name, it.says("refuses the turn"));
    assert_eq!(session.run("go").await.outcome.status, Status::Refused(why));
    assert_eq!(session.run("again").await.outcome.text, "let through");
    session.close().await;
}

async fn hook_replaces_a_message(it: Spoken) {
    let mut session =
        it.home.session().script([script::says("the \"SECRET\" is\nout: SECRET")]).start().await;
    let transcript = session.run("go").await;
    assert_eq!(transcript.outcome.text, "the \"[redacted]\" is\nout: [redacted]");
    let shown = transcript.events.iter().find_map(|event| match event {
        AgentEvent::AssistantMessage { blocks, replaced, .. } => Some((joined_text(blocks, "\n"), *replaced)),
        _ => None,
    });
    assert_eq!(shown, Some((transcript.outcome.text.clone(), true)));
    session.close().await;
}

async fn events_and_hooks_come_in_the_contracted_order(it: Spoken) {
    let lines = [
        script::says_and_calls("let me see", &it.own("echo"), json!({ "text": "hi" })),
        script::calls(&it.own("trace"), json!({})),
        script::says("done"),
    ];
    let mut session = it.home.session().script(lines).start().await;
    let transcript = session.run("go").await;
    let expected = [
        "event session_start".to_owned(),
        "event turn_start 1".to_owned(),
        "hook turn_start 1".to_owned(),
        "hook assistant_message let me see".to_owned(),
        "event assistant_message let me see".to_owned(),
        format!("event tool_call {}_echo", it.name),
        "event turn_end tool_use".to_owned(),
        format!("hook tool_call {}_echo", it.name),
        "event turn_start 2".to_owned(),
        "hook turn_start 2".to_owned(),
        "event assistant_message".to_owned(),
        format!("event tool_call {}_trace", it.name),
        "event turn_end tool_use".to_owned(),
        format!("hook tool_call {}_trace", it.name),
    ];
    assert_eq!(transcript.texts()[1].lines().collect::<Vec<_>>(), expected);
    session.close().await;
}

/// After two seconds it would get a signal, and its last line would be missing.
async fn leaves_when_it_is_told_to(it: Spoken) {
    let session = it.home.session().start().await;
    let began = Instant::now();
    session.close().await;
    let took = began.elapsed();
    let log = it.home.log(it.name);
    assert!(log.contains(&format!("stderr: {}", it.says("leaves"))), "{log}");
    assert!(took < Duration::from_secs(2), "{took:?}: {log}");
}
