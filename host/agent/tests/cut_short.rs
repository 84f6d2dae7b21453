//! Runs that are cut short leave a transcript that a provider accepts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]

mod fakes;

use fakes::{Stage, asks, call, done, says, text};
use wharf_agent::{RunError, Transcript};
use wharf_ports::message::{AssistantBlock, Body, tool_calls};
use wharf_ports::model::ModelError;
use wharf_protocol::event::Stop;

/// Each call has exactly one result, in the message behind it.
fn accepted(transcript: &Transcript) {
    for (index, message) in transcript.messages.iter().enumerate() {
        let Body::Assistant(blocks) = &message.body else { continue };
        let wanted: Vec<_> = tool_calls(blocks).map(|call| call.id.clone()).collect();
        let given: Vec<_> = match transcript.messages.get(index + 1).map(|next| &next.body) {
            Some(Body::Tool(results)) => results.iter().map(|result| result.call_id.clone()).collect(),
            _ => Vec::new(),
        };
        assert_eq!(wanted, given, "{transcript:?}");
    }
}

#[tokio::test]
async fn an_abort_while_text_streams_keeps_it() {
    let mut stage = Stage::new(vec![Ok(vec![text("one ")])]);
    stage.esc_at = Some("text");
    let (log, report, transcript) = stage.run().await;
    let expected = [
        "face assistant_start",
        "face text \"one \"",
        "ext usage 0",
        "face usage 0 0",
        "hook assistant_message \"one \"",
        "ext assistant_message \"one \"",
        "face assistant_message 1",
        "ext turn_end aborted: context canceled",
        "face turn_end aborted: context canceled",
        "ext prompt_end cancelled",
        "face done",
    ];
    assert_eq!(log.lines().get(6..).unwrap(), expected);
    assert!(matches!(report.outcome, Err(RunError::Cancelled)));
    assert_eq!(transcript.messages.len(), 2);
}

#[tokio::test]
async fn an_abort_while_a_call_is_composed_drops_the_message() {
    let mut events = vec![text("let me look")];
    events.extend(call("t1", "echo", "{}").into_iter().take(2));
    let mut stage = Stage::new(vec![Ok(events)]);
    stage.esc_at = Some("tool_use_args");
    let (log, _, transcript) = stage.run().await;
    assert!(log.of("face assistant_message").is_empty() && log.of("face tool_call").is_empty());
    assert_eq!(log.of("face turn_end"), ["aborted: context canceled"]);
    assert_eq!(transcript.messages.len(), 1);
}

#[tokio::test]
async fn an_abort_while_a_tool_runs_answers_every_call() {
    let mut events = call("t1", "hang", "{}");
    events.extend(call("t2", "echo", "{}"));
    events.push(done(Stop::ToolUse));
    let mut stage = Stage::new(vec![Ok(events)]);
    stage.esc_at = Some("progress");
    let (log, report, transcript) = stage.run().await;
    assert_eq!(log.of("run"), ["hang {}"]);
    assert_eq!(log.of("face tool_result"), [r#"error "interrupted""#, r#"error "aborted""#]);
    assert_eq!(log.of("face turn_end"), ["tool_use"]);
    assert!(log.of("face error").is_empty());
    assert!(matches!(report.outcome, Err(RunError::Cancelled)));
    accepted(&transcript);
}

#[tokio::test]
async fn an_abort_between_decision_and_call_runs_nothing() {
    for esc_at in ["face tool_call", "face turn_end", "face assistant_message"] {
        let mut stage = Stage::new(vec![asks("echo", "{}")]);
        stage.esc_at = Some(esc_at);
        let (log, report, transcript) = stage.run().await;
        assert!(log.of("run").is_empty(), "{esc_at}");
        assert_eq!(log.of("face tool_result"), [r#"error "aborted""#], "{esc_at}");
        assert!(matches!(report.outcome, Err(RunError::Cancelled)), "{esc_at}");
        accepted(&transcript);
    }
}

#[tokio::test]
async fn an_abort_before_the_model_answers() {
    let mut stage = Stage::new(vec![Ok(vec![])]);
    stage.esc_at = Some("turn_start");
    let (log, _, _) = stage.run().await;
    assert!(log.of("face assistant_start").is_empty() && log.of("face usage").is_empty());
    assert_eq!(log.of("face turn_end"), ["aborted: context canceled"]);
}

#[tokio::test]
async fn a_stream_that_ends_early_is_an_error() {
    let mut stage = Stage::new(vec![Ok(vec![text("half")])]);
    stage.ends = true;
    let (log, report, transcript) = stage.run().await;
    let expected = "the model's answer cannot be used: it broke off before its end";
    assert_eq!(log.of("face turn_end"), [format!("error: {expected}")]);
    assert_eq!(log.of("face error"), [expected]);
    assert!(matches!(report.outcome, Err(RunError::Answer(_))));
    let Body::Assistant(blocks) = &transcript.messages[1].body else { panic!("{transcript:?}") };
    assert_eq!(blocks, &[AssistantBlock::Text("half".to_owned())]);
}

#[tokio::test]
async fn a_stream_that_fails_in_a_call_drops_the_message() {
    let mut events = call("t1", "echo", "{}");
    let error = ModelError::Transport { provider: "fake".to_owned(), message: "reset".to_owned() };
    events.push(Err(error));
    let (log, _, transcript) = Stage::new(vec![Ok(events)]).run().await;
    assert_eq!(log.of("face turn_end"), ["error: fake: reset"]);
    assert_eq!(transcript.messages.len(), 1);
}

#[tokio::test]
async fn calls_of_an_answer_at_the_limit_are_answered_and_not_run() {
    let mut events = call("t1", "echo", "{\"text\":");
    events.push(done(Stop::Length));
    let (log, report, transcript) = Stage::new(vec![Ok(events)]).run().await;
    assert!(log.of("run").is_empty());
    let expected = r#"error "not run: the answer was cut off at the model's output limit""#;
    assert_eq!(log.of("face tool_result"), [expected]);
    assert!(report.outcome.is_ok());
    accepted(&transcript);
}

#[tokio::test]
async fn an_answer_without_anything_leaves_no_message() {
    let (log, report, transcript) = Stage::new(vec![Ok(vec![done(Stop::End)])]).run().await;
    assert!(log.of("face assistant_message").is_empty());
    assert_eq!((report.final_text.as_str(), transcript.messages.len()), ("", 1));
    let (_, _, transcript) = Stage::new(vec![says("next")]).run().await;
    accepted(&transcript);
}
