//! Calls, events and answers, line by line.

use std::sync::Arc;
use std::time::Duration;

use crate::stage::actor::{HELLO, ready};
use crate::stage::{HANG, call, within};
use tokio_util::sync::CancellationToken;
use wharf_extensions::error::Fault;
use wharf_protocol::command::Outcome;
use wharf_protocol::event::{Event, Stop};
use wharf_protocol::hook::{MessageVerdict, ToolVerdict, TurnVerdict};
use wharf_protocol::json::Json;
use wharf_protocol::tool::ToolOutput;

#[tokio::test]
async fn a_tool_is_called_with_its_arguments_as_they_were_written() {
    let (instance, mut actor, _host) = ready().await;
    let (call, cx) = (call("echo", r#"{ "text": "a<b", "n": 1.50 }"#), within(HANG));
    let output = during!(instance.call_tool(&call, &cx), {
        let line = actor.hear().await.unwrap();
        let (head, tail) = line.split_once(r#","name""#).unwrap();
        let id = head.strip_prefix(r#"{"type":"tool_call","id":""#).unwrap().strip_suffix('"').unwrap();
        assert!(id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit()), "{id}");
        assert_eq!(tail, r#":"echo","args":{"text":"a\u003cb","n":1.50}}"#);
        let answer =
            format!(r#"{{"type":"tool_result","id":"{id}","content":[{{"type":"text","text":"hi"}}]}}"#);
        actor.say(&answer).await;
    });
    assert_eq!(output.unwrap(), ToolOutput::text("hi"));
    let output = during!(instance.call_tool(&call, &cx), {
        let id = actor.asked("tool_call").await;
        actor.say(&format!(r#"{{"type":"tool_result","id":"{id}","content":[],"is_error":true}}"#)).await;
    });
    assert_eq!(output.unwrap(), ToolOutput::error("(extension returned no content)"));
}

#[tokio::test]
async fn a_command_ends_with_an_outcome_or_an_error() {
    let (instance, mut actor, _host) = ready().await;
    let cx = within(HANG);
    for (answer, expected) in [
        (r#""action":"noop""#, Ok(Outcome::Noop)),
        (r#""action":"prompt","prompt":"do it""#, Ok(Outcome::Prompt("do it".into()))),
        (r#""action":"insert","insert":"x""#, Ok(Outcome::Insert("x".into()))),
        (r#""action":"display","display":"y""#, Ok(Outcome::Display("y".into()))),
        (r#""action":"clear""#, Err("unknown action clear".to_owned())),
        (r#""error":"it broke","action":"noop""#, Err("it broke".to_owned())),
    ] {
        let result = during!(instance.run_command("probe", "", &cx), {
            let line = actor.hear().await.unwrap();
            let (head, tail) = line.split_once(r#","name""#).unwrap();
            // No "args" where there are none.
            assert_eq!(tail, r#":"probe"}"#);
            let id = head.rsplit('"').nth(1).unwrap();
            actor.say(&format!(r#"{{"type":"command_response","id":"{id}",{answer}}}"#)).await;
        });
        assert_eq!(result.unwrap(), expected, "{answer}");
    }
}

#[tokio::test]
async fn an_interceptor_passes_rewrites_or_refuses() {
    let (instance, mut actor, _host) = ready().await;
    let (call, cx) = (call("bash", r#"{"command":"ls"}"#), within(HANG));
    let fields = r#"event":"tool_call","tool_id":"t1","tool_name":"bash","tool_args":{"command":"ls"}}"#;
    for (answer, expected) in [
        ("", ToolVerdict::Pass),
        (r#","reason":"no matter""#, ToolVerdict::Pass),
        (r#","block":true,"reason":"no","modified_args":{}"#, ToolVerdict::Refuse("no".into())),
        (r#","block":true"#, ToolVerdict::Refuse(String::new())),
        (r#","modified_args":{"a":1}"#, ToolVerdict::Rewrite(Json::new(r#"{"a":1}"#).unwrap())),
        (r#","modified_args":null"#, ToolVerdict::Pass),
    ] {
        let verdict = during!(instance.on_tool_call(&call, &cx), {
            let line = actor.hear().await.unwrap();
            assert!(line.ends_with(fields), "{line}");
            let id = line.split('"').nth(7).unwrap();
            actor.say(&format!(r#"{{"type":"event_intercept_response","id":"{id}"{answer}}}"#)).await;
        });
        assert_eq!(verdict.unwrap(), expected, "{answer}");
    }
    let verdict = during!(instance.on_turn_start(3, &cx), {
        let line = actor.hear().await.unwrap();
        assert!(line.ends_with(r#","event":"turn_start","step":3}"#), "{line}");
        let id = line.split('"').nth(7).unwrap();
        actor
            .say(&format!(
                r#"{{"type":"event_intercept_response","id":"{id}","block":true,"reason":"late"}}"#
            ))
            .await;
    });
    assert_eq!(verdict.unwrap(), TurnVerdict::Refuse("late".into()));
    let verdict = during!(instance.on_assistant_message("a secret", &cx), {
        let line = actor.hear().await.unwrap();
        assert!(line.ends_with(r#","event":"assistant_message","text":"a secret"}"#), "{line}");
        let id = line.split('"').nth(7).unwrap();
        actor
            .say(&format!(r#"{{"type":"event_intercept_response","id":"{id}","replace_text":"***"}}"#))
            .await;
    });
    assert_eq!(verdict.unwrap(), MessageVerdict::Replace("***".into()));
}

#[tokio::test]
async fn events_and_calls_come_in_the_order_in_which_they_were_handed_over() {
    let (instance, mut actor, _host) = ready().await;
    let cx = within(HANG);
    let turn = |step| Arc::new(Event::TurnStart { step });
    for step in 1..=50 {
        instance.deliver(&turn(step), &cx);
    }
    let call = call("t", "{}");
    let asking = async {
        let result = instance.call_tool(&call, &cx);
        tokio::pin!(result);
        // Queued as soon as it is called, before anything that is handed over afterwards.
        tokio::select! { biased; _ = &mut result => panic!("no answer yet"), () = std::future::ready(()) => {} }
        instance.deliver(&Arc::new(Event::TurnEnd { stop: Some(Stop::End), error: None }), &cx);
        result.await
    };
    let result = during!(asking, {
        for step in 1..=50 {
            actor.expect(&format!(r#"{{"type":"event","event":"turn_start","step":{step}}}"#)).await;
        }
        let id = actor.asked("tool_call").await;
        actor.expect(r#"{"type":"event","event":"turn_end","stop":"end"}"#).await;
        actor.say(&format!(r#"{{"type":"tool_result","id":"{id}","content":[]}}"#)).await;
    });
    result.unwrap();
}

#[tokio::test]
async fn answers_that_nobody_waits_for_are_logged_and_hurt_nobody() {
    let (instance, mut actor, host) = ready().await;
    let call = call("t", "{}");
    let error = instance.call_tool(&call, &within(Duration::from_millis(50))).await.unwrap_err();
    assert!(matches!(error.fault, Fault::TimedOut { .. }), "{error}");
    assert_eq!(error.fault.to_string(), "timed out after 50 ms");
    let late = actor.asked("tool_call").await;

    let cx = within(HANG);
    let output = during!(instance.call_tool(&call, &cx), {
        let id = actor.asked("tool_call").await;
        actor.say(&format!(r#"{{"type":"tool_result","id":"{late}","content":[]}}"#)).await;
        actor.say(r#"{"type":"tool_result","id":"unknown","content":[]}"#).await;
        // The right id in an answer of another kind is no answer either.
        actor.say(&format!(r#"{{"type":"event_intercept_response","id":"{id}","block":true}}"#)).await;
        actor.say(&format!(r#"{{"type":"command_response","id":"{id}","action":"noop"}}"#)).await;
        for line in ["not json", "{\"type\":\"odd\"}", HELLO, "{\"type\":\"progress\",\"id\":\"p\"}", ""] {
            actor.say(line).await;
        }
        let text = r#"[{"type":"text","text":"right"}]"#;
        actor.say(&format!(r#"{{"type":"tool_result","id":"{id}","content":{text}}}"#)).await;
    });
    assert_eq!(output.unwrap(), ToolOutput::text("right"));
    let log = host.log_text();
    for expected in [
        &format!("skipped tool_result: nobody waits for id {late:?}"),
        "nobody waits for id \"unknown\"",
        "skipped event_intercept_response",
        "skipped command_response",
        "malformed JSON",
        "unknown frame type \"odd\": {\"type\":\"odd\"}",
        "skipped a second hello",
        "its progress is left out: it is of version 2",
    ] {
        assert!(log.contains(expected), "{expected} is missing in:\n{log}");
    }
}

#[tokio::test]
async fn cancelling_ends_the_wait_at_once_and_says_nothing_to_the_extension() {
    let (instance, mut actor, _host) = ready().await;
    let (call, mut cx) = (call("t", "{}"), within(HANG));
    let error = during!(instance.call_tool(&call, &cx), {
        actor.asked("tool_call").await;
        cx.cancel.cancel();
    });
    let error = error.unwrap_err();
    assert!(matches!(error.fault, Fault::Cancelled), "{error}");
    // Cancelled before it is made: it is not made.
    assert!(instance.call_tool(&call, &cx).await.is_err());
    cx.cancel = CancellationToken::new();
    instance.deliver(&Arc::new(Event::SessionStart), &cx);
    actor.expect(r#"{"type":"event","event":"session_start"}"#).await;
}

#[tokio::test]
async fn a_call_that_does_not_fit_into_a_line_fails_alone() {
    let (instance, mut actor, host) = ready().await;
    let huge = format!("\"{}\"", "x".repeat(4 << 20));
    let cx = within(HANG);
    let error = instance.call_tool(&call("t", &huge), &cx).await.unwrap_err();
    assert!(error.to_string().contains("4194304 are allowed"), "{error}");
    instance.deliver(&Arc::new(Event::AssistantMessage { text: "x".repeat(4 << 20) }), &cx);
    assert!(host.log_text().contains("event assistant_message dropped"), "{}", host.log_text());
    instance.deliver(&Arc::new(Event::SessionStart), &cx);
    actor.expect(r#"{"type":"event","event":"session_start"}"#).await;
}

#[tokio::test]
async fn events_that_do_not_fit_are_dropped_and_counted() {
    let (instance, _actor, host) = ready().await;
    let event = Arc::new(Event::AssistantMessage { text: "x".repeat(1 << 20) });
    for _ in 0..20 {
        instance.deliver(&event, &within(HANG));
    }
    assert!(host.log_text().contains("(8 dropped so far)"), "{}", host.log_text());
}
