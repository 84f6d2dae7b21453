//! Tools: what becomes of a call, and what the model reads.

use std::time::Duration;

use serde_json::json;
use wharf_conformance::scenarios;
use wharf_protocol::content::Content;
use wharf_runtime::Status;
use wharf_runtime::extensions::limits::Limits;
use wharf_runtime::ports::event::AgentEvent;
use wharf_test_support::{BackendKind, Home, script};

use crate::requests::{ask, at, order};

scenarios! {
    tool_answers => ToolAnswers;
    tool_fails => ToolFails;
    tool_answers_an_image => ToolAnswersImage;
    arguments_that_do_not_fit_are_answered => ToolArgumentsFit;
    unknown_tool_is_answered => ToolUnknown;
    late_tool_is_answered_for => ToolLate;
    output_is_shown_while_a_tool_runs => ToolProgress;
    a_cancelled_call_is_told => ToolCancelled;
    a_call_knows_its_time => ToolKnowsItsTime;
    a_tool_asks_for_its_time => ToolAsksForTime;
    long_result_is_cut_off => ToolResultCut;
    host_lists_what_was_registered => StartRegisters;
}

const ALL_HOOKS: [&str; 6] =
    ["tool_call", "turn_start", "assistant_message", "prompt", "tool_result", "compaction"];

async fn tool_answers(backend: BackendKind) {
    let home = Home::new();
    home.install(backend, "probe");
    let mut session = home.session().start().await;
    let transcript = session.run(r#"call probe_echo {"text":"hi & <hello>   "}"#).await;
    assert_eq!(transcript.outcome.text, "echo:hi & <hello>   ");
    assert_eq!(transcript.outcome.exit_code(), 0);
    assert_eq!(transcript.problems(), Vec::<String>::new());
    session.close().await;
}

async fn tool_fails(backend: BackendKind) {
    let home = Home::new();
    home.install(backend, "probe");
    let mut session =
        home.session().script([script::calls("probe_fail", json!({})), script::says("ok")]).start().await;
    let transcript = session.run("go").await;
    assert_eq!(transcript.outcome.text, "ok");
    // A tool that says no is an answer, not a fault of the extension.
    assert_eq!(transcript.problems(), Vec::<String>::new());
    let results = session.results().await;
    assert_eq!(results.len(), 1);
    assert!(results[0].output.is_error, "{results:?}");
    assert_eq!(results[0].output.joined_text(), "probe fails");
    session.close().await;
}

async fn tool_answers_an_image(backend: BackendKind) {
    let home = Home::new();
    home.install(backend, "probe");
    let mut session =
        home.session().script([script::calls("probe_image", json!({})), script::says("seen")]).start().await;
    assert_eq!(session.run("go").await.outcome.text, "seen");
    let results = session.results().await;
    match results[0].output.content.as_slice() {
        [Content::Image { mime_type, data }] => {
            assert_eq!(mime_type, "image/png");
            assert_eq!(data.len(), 67);
            assert!(data.starts_with(b"\x89PNG\r\n\x1a\n"), "{data:?}");
        }
        other => panic!("one image was expected: {other:?}"),
    }
    session.close().await;
}

async fn arguments_that_do_not_fit_are_answered(backend: BackendKind) {
    let home = Home::new();
    home.install(backend, "probe");
    let lines = [
        script::calls("probe_echo", json!({ "text": 3 })),
        script::calls("probe_echo", json!({})),
        script::calls("probe_echo", json!({ "text": "now" })),
        script::says("done"),
    ];
    let mut session = home.session().script(lines).start().await;
    let transcript = session.run("go").await;
    assert_eq!(transcript.outcome.status, Status::Ok);
    let texts = transcript.texts();
    for text in &texts[..2] {
        assert!(text.starts_with("the arguments of \"probe_echo\" do not fit its schema: "), "{text}");
    }
    assert_eq!(texts[2], "echo:now");
    let errors: Vec<bool> = session.results().await.iter().map(|result| result.output.is_error).collect();
    assert_eq!(errors, [true, true, false]);
    // Asked about the prompt, four turns, one message, three calls and their results; of the calls only the third one
    // reached it.
    assert_eq!(session.wharf().costs()["probe"].calls, 1 + 4 + 1 + 3 + 3 + 1);
    session.close().await;
}

async fn unknown_tool_is_answered(backend: BackendKind) {
    let home = Home::new();
    home.install(backend, "probe");
    let lines = [script::calls("probe_nothing", json!({})), script::says("done")];
    let mut session = home.session().script(lines).start().await;
    let transcript = session.run("go").await;
    assert_eq!(transcript.outcome.text, "done");
    assert_eq!(transcript.texts(), ["unknown tool \"probe_nothing\""]);
    assert!(session.results().await[0].output.is_error);
    session.close().await;
}

async fn late_tool_is_answered_for(backend: BackendKind) {
    let home = Home::new();
    home.install(backend, "desk");
    let mut limits = Limits::STANDARD;
    limits.standard.tool = Duration::from_millis(500);
    let lines = [
        script::calls("desk", json!({ "do": "wait" })),
        script::calls("desk", json!({ "do": "heard" })),
        script::says("done"),
    ];
    let mut session = home.session().script(lines).with(|builder| builder.limits(limits)).start().await;
    let transcript = session.run("go").await;
    let texts = transcript.texts();
    assert_eq!(texts[0], "extension desk/desk failed: timed out after 500 ms");
    assert!(texts[1].contains("cancelled"), "it was told, returned and goes on: {}", texts[1]);
    assert_eq!(transcript.problems().len(), 1, "{:?}", transcript.problems());
    session.close().await;
}

async fn a_tool_asks_for_its_time(backend: BackendKind) {
    let home = Home::new();
    home.install(backend, "desk");
    let mut session = home.session().start().await;
    let late = session.run(r#"call desk_brief {"do":"wait"}"#).await;
    assert_eq!(late.texts(), ["extension desk/desk_brief failed: timed out after 200 ms"]);
    assert_eq!(
        session.run(r#"call desk {"do":"remaining"}"#).await.outcome.text,
        "59",
        "the other has its own"
    );
    session.close().await;
}

async fn long_result_is_cut_off(backend: BackendKind) {
    let home = Home::new();
    home.install(backend, "probe");
    let long = "x".repeat(300 << 10);
    let lines = [script::calls("probe_echo", json!({ "text": long })), script::says("done")];
    let mut session = home.session().script(lines).start().await;
    session.run("go").await;
    let text = session.results().await[0].output.joined_text();
    assert!(text.starts_with("echo:xxx") && text.len() < 257 << 10, "{} bytes", text.len());
    let notice = text.trim_start_matches("echo:").trim_start_matches('x').trim();
    assert_eq!(notice, "[cut off: the result has 307205 bytes of text, the first 262144 are shown]");
    session.close().await;
}

async fn host_lists_what_was_registered(backend: BackendKind) {
    let home = Home::new();
    home.install(backend, "probe");
    home.install(backend, "weather");
    let session = home.session().start().await;
    let listings = session.wharf().extensions();
    let shown: Vec<_> = listings.iter().map(|listing| (listing.name.as_str(), listing.backend)).collect();
    assert_eq!(shown, [("probe", backend.word()), ("weather", backend.word())]);
    assert_eq!(listings[0].hooks, ALL_HOOKS);
    assert_eq!(listings[1].tools, ["weather"]);
    let commands: Vec<String> = session.wharf().commands().into_iter().map(|(name, _)| name).collect();
    assert_eq!(commands, ["probe", "weather"]);
    session.close().await;
}

async fn output_is_shown_while_a_tool_runs(backend: BackendKind) {
    let home = Home::new();
    let mut session = at(&home, backend, false).await;
    let transcript = session.run(&order(json!({ "do": "progress" }))).await;
    let pieces: Vec<&str> = transcript
        .events
        .iter()
        .filter_map(|event| match event {
            AgentEvent::ToolProgress { text, .. } => Some(text.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(pieces, ["one", "two"]);
    assert_eq!(transcript.outcome.text, "done");
    session.close().await;
}

async fn a_cancelled_call_is_told(backend: BackendKind) {
    let home = Home::new();
    let mut session = at(&home, backend, false).await;
    let run = session.begin(&order(json!({ "do": "wait" }))).await;
    session.until("the call", |event| matches!(event, AgentEvent::ToolCall { .. }).then_some(())).await;
    // It has begun when something else of it can be seen; a component's call is in the lane by then.
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    run.cancel();
    assert_eq!(session.finish(run).await.outcome.exit_code(), 130);
    let heard = ask(&mut session, json!({ "do": "heard" })).await;
    assert!(heard.contains("cancelled"), "it returned by itself and was not lost: {heard:?}");
    session.close().await;
}

async fn a_call_knows_its_time(backend: BackendKind) {
    let home = Home::new();
    let mut session = at(&home, backend, false).await;
    let left: u64 = ask(&mut session, json!({ "do": "remaining" })).await.parse().unwrap();
    assert!((50..=60).contains(&left), "{left}");
    session.close().await;
}
