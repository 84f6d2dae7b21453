//! The order of what faces, extensions and the approver see, from the first event of a prompt to its last.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]

mod fakes;

use fakes::{Stage, asks, call, done, json, refusal, says, text};
use wharf_agent::RunError;
use wharf_ports::approve::Approval;
use wharf_ports::hooks::{MessageDecision, ToolDecision, TurnDecision};
use wharf_ports::message::{AssistantBlock, Body};
use wharf_ports::model::ModelError;
use wharf_protocol::event::Stop;

#[tokio::test]
async fn plain_text() {
    let (log, report, transcript) = Stage::new(vec![says("hello")]).run().await;
    let expected = [
        "ext prompt",
        "face user_message",
        "ext turn_start 1",
        "face turn_start 1",
        "hook turn_start 1",
        "model",
        "face assistant_start",
        "face text \"hello\"",
        "ext usage 10",
        "face usage 10 10",
        "hook assistant_message \"hello\"",
        "ext assistant_message \"hello\"",
        "face assistant_message 1",
        "ext turn_end end",
        "face turn_end end",
        "ext prompt_end ok",
        "face done",
    ];
    assert_eq!(log.lines(), expected);
    assert_eq!(report.final_text, "hello");
    assert!(report.outcome.is_ok());
    assert_eq!(transcript.messages.len(), 2);
    assert_eq!(transcript.usage.input, 10);
}

#[tokio::test]
async fn a_tool_call() {
    let (log, report, transcript) =
        Stage::new(vec![asks("echo", r#"{"text": "hi"}"#), says("done")]).run().await;
    let expected = [
        "ext prompt",
        "face user_message",
        "ext turn_start 1",
        "face turn_start 1",
        "hook turn_start 1",
        "model",
        "face assistant_start",
        "face tool_use_start echo",
        "face tool_use_args {\"text\": \"hi\"}",
        "face tool_use_end",
        "ext usage 10",
        "face usage 10 10",
        "ext assistant_message \"\"",
        "face assistant_message 1",
        "ext tool_call echo {\"text\": \"hi\"}",
        "face tool_call echo {\"text\": \"hi\"}",
        "ext turn_end tool_use",
        "face turn_end tool_use",
        "hook tool_call echo {\"text\": \"hi\"}",
        "check {\"text\": \"hi\"}",
        "approve echo {\"text\": \"hi\"}",
        "run echo {\"text\": \"hi\"}",
        "face progress working",
        "hook tool_result {\"text\": \"hi\"} \"ran {\\\"text\\\": \\\"hi\\\"}\"",
        "ext tool_result echo \"ran {\\\"text\\\": \\\"hi\\\"}\"",
        "face tool_result ok \"ran {\\\"text\\\": \\\"hi\\\"}\"",
        "ext turn_start 2",
    ];
    assert_eq!(log.lines().get(..expected.len()).unwrap(), expected);
    assert_eq!(log.lines().last().unwrap(), "face done");
    assert_eq!(report.final_text, "done");
    assert_eq!(transcript.messages.len(), 4);
}

#[tokio::test]
async fn two_calls_run_in_order_and_share_one_message() {
    let mut events = call("t1", "echo", r#"{"text":"1"}"#);
    events.extend(call("t2", "echo", ""));
    events.push(done(Stop::ToolUse));
    let (log, _, transcript) = Stage::new(vec![Ok(events), says("done")]).run().await;
    assert_eq!(log.of("run"), [r#"echo {"text":"1"}"#, "echo {}"]);
    let Body::Tool(results) = &transcript.messages[2].body else { panic!("{transcript:?}") };
    let ids: Vec<_> = results.iter().map(|result| result.call_id.as_str()).collect();
    assert_eq!(ids, ["t1", "t2"]);
}

#[tokio::test]
async fn a_refused_call_is_an_error_that_the_model_reads() {
    let mut stage = Stage::new(vec![asks("echo", r#"{"text":"hi"}"#), says("done")]);
    stage.tool = ToolDecision::Refuse(refusal("not today"));
    let (log, report, _) = stage.run().await;
    assert!(log.of("run").is_empty() && log.of("approve").is_empty() && log.of("check").is_empty());
    assert_eq!(log.of("hook tool_result"), [r#"{"text":"hi"} "not today""#]);
    assert_eq!(log.of("face tool_result"), [r#"error "not today""#]);
    assert!(report.refused_by_policy.is_empty() && report.outcome.is_ok());
}

#[tokio::test]
async fn a_rewritten_call_is_approved_as_it_will_run() {
    let mut stage = Stage::new(vec![asks("echo", r#"{"text":"hi"}"#), says("done")]);
    stage.tool = ToolDecision::Run(Some(json(r#"{"text":"ho"}"#)));
    let (log, _, transcript) = stage.run().await;
    assert_eq!(log.of("ext tool_call"), [r#"echo {"text":"hi"}"#]);
    assert_eq!(log.of("approve"), [r#"echo {"text":"ho"}"#]);
    assert_eq!(log.of("run"), [r#"echo {"text":"ho"}"#]);
    assert_eq!(log.of("face tool_result"), [r#"ok "ran {\"text\":\"ho\"}" ran {"text":"ho"}"#]);
    let Body::Assistant(blocks) = &transcript.messages[1].body else { panic!("{transcript:?}") };
    let AssistantBlock::ToolCall(call) = &blocks[0] else { panic!("{blocks:?}") };
    assert_eq!(call.args, json(r#"{"text":"hi"}"#), "the model sees what it wrote");
    let Body::Tool(results) = &transcript.messages[2].body else { panic!("{transcript:?}") };
    assert_eq!(results[0].ran, Some(json(r#"{"text":"ho"}"#)));
}

#[tokio::test]
async fn a_call_rewritten_to_what_does_not_fit_does_not_run() {
    let mut stage = Stage::new(vec![asks("echo", r#"{"text":"hi"}"#), says("done")]);
    stage.tool = ToolDecision::Run(Some(json(r#"{"bad":1}"#)));
    let (log, _, _) = stage.run().await;
    assert_eq!(log.of("check"), [r#"{"bad":1}"#]);
    assert!(log.of("run").is_empty() && log.of("approve").is_empty());
    let expected = r#"error "the arguments of \"echo\" do not fit its schema: bad is bad""#;
    assert_eq!(log.of("face tool_result"), [expected]);
}

#[tokio::test]
async fn a_denied_call_is_counted_when_the_policy_denied_it() {
    for by_policy in [true, false] {
        let mut stage = Stage::new(vec![asks("echo", "{}"), says("done")]);
        stage.approval = Approval::No { reason: "user declined".to_owned(), by_policy };
        let (log, report, _) = stage.run().await;
        assert!(log.of("run").is_empty());
        assert_eq!(log.of("face tool_result"), [r#"error "user declined""#]);
        assert_eq!(report.refused_by_policy.len(), usize::from(by_policy));
        assert!(report.outcome.is_ok(), "the run goes on");
    }
}

#[tokio::test]
async fn an_unknown_tool_and_broken_arguments_reach_no_hook() {
    let mut events = call("t1", "nope", "{}");
    events.extend(call("t2", "echo", "{\"text\":"));
    events.push(done(Stop::ToolUse));
    let (log, _, _) = Stage::new(vec![Ok(events), says("done")]).run().await;
    assert!(log.of("hook tool_call").is_empty() && log.of("approve").is_empty());
    let results = log.of("face tool_result");
    assert_eq!(results[0], r#"error "unknown tool \"nope\"""#);
    assert!(
        results[1].starts_with(r#"error "the arguments of \"echo\" are not valid JSON: "#),
        "{results:?}"
    );
    assert_eq!(log.of("face tool_call")[1], r#"echo "{\"text\":""#, "kept as a JSON string");
}

#[tokio::test]
async fn arguments_that_two_readers_would_read_in_two_ways_reach_no_hook() {
    let call = asks("echo", r#"{"path":"harmless","path":"harmful"}"#);
    let (log, _, _) = Stage::new(vec![call, says("done")]).run().await;
    assert!(log.of("hook tool_call").is_empty() && log.of("approve").is_empty() && log.of("run").is_empty());
    let results = log.of("face tool_result");
    assert!(results[0].contains("the key \\\"path\\\" occurs twice"), "{results:?}");
}

#[tokio::test]
async fn a_refused_turn_ends_the_run() {
    let mut stage = Stage::new(vec![]);
    stage.turn = TurnDecision::Refuse(refusal("closed on Sundays"));
    let (log, report, _) = stage.run().await;
    let expected = [
        "ext prompt",
        "face user_message",
        "ext turn_start 1",
        "face turn_start 1",
        "hook turn_start 1",
        "ext turn_end error: closed on Sundays",
        "face turn_end error: closed on Sundays",
        "face error extension \"guard\" refused: closed on Sundays",
        "ext prompt_end refused",
        "face done",
    ];
    assert_eq!(log.lines(), expected);
    assert!(matches!(report.outcome, Err(RunError::Refused(_))));
}

#[tokio::test]
async fn a_replaced_message_is_shown_and_the_original_kept() {
    let mut events = vec![text("the SECRET"), done(Stop::ToolUse)];
    events.splice(1..1, call("t1", "echo", "{}"));
    events.insert(4, text("more"));
    let mut stage = Stage::new(vec![Ok(events), Ok(vec![done(Stop::End)])]);
    stage.message = MessageDecision::Replace("[redacted]".to_owned());
    let (log, report, transcript) = stage.run().await;
    assert_eq!(log.of("hook assistant_message"), [r#""the SECRET\nmore""#]);
    assert_eq!(log.of("ext assistant_message"), [r#""[redacted]""#]);
    assert_eq!(log.of("face assistant_message"), ["2 replaced"], "the text and the call");
    assert_eq!(report.final_text, "[redacted]");
    let Body::Assistant(blocks) = &transcript.messages[1].body else { panic!("{transcript:?}") };
    assert_eq!(blocks[0], AssistantBlock::Text("the SECRET".to_owned()));
}

#[tokio::test]
async fn a_hidden_message_is_announced_and_its_tools_run() {
    let mut events = vec![text("the SECRET")];
    events.extend(call("t1", "echo", "{}"));
    events.push(done(Stop::ToolUse));
    let mut stage = Stage::new(vec![Ok(events), says("again")]);
    stage.message = MessageDecision::Hide(refusal("secret"));
    let (log, report, _) = stage.run().await;
    assert!(log.of("ext assistant_message").is_empty() && log.of("face assistant_message").is_empty());
    assert_eq!(log.of("face hidden"), ["guard: secret", "guard: secret"]);
    assert_eq!(log.of("run").len(), 1);
    assert_eq!(report.final_text, "");
}

#[tokio::test]
async fn a_provider_that_refuses_is_an_error() {
    let error = ModelError::Status {
        provider: "fake".to_owned(),
        status: 401,
        message: "no".to_owned(),
        retry_after: None,
    };
    let (log, report, _) = Stage::new(vec![Err(error)]).run().await;
    let expected = [
        "face turn_start 1",
        "hook turn_start 1",
        "model",
        "ext turn_end error: fake: 401: no",
        "face turn_end error: fake: 401: no",
        "face error fake: 401: no",
        "ext prompt_end failed",
        "face done",
    ];
    assert_eq!(log.lines().get(3..).unwrap(), expected);
    assert!(matches!(report.outcome, Err(RunError::Model(ModelError::Status { status: 401, .. }))));
}

#[tokio::test]
async fn max_steps() {
    let mut stage = Stage::new(vec![asks("echo", "{}"), asks("echo", "{}")]);
    stage.max_steps = Some(2);
    let (log, report, _) = stage.run().await;
    assert_eq!(log.of("run").len(), 2);
    assert_eq!(log.of("face error"), ["max steps (2) exceeded"]);
    assert!(matches!(report.outcome, Err(RunError::MaxSteps(2))));
}
