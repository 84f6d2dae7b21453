//! Each key of a script's line.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]

mod asking;

use std::time::Duration;

use asking::{ask, ask_in, result, text_of, user};
use tokio_util::sync::CancellationToken;
use wharf_ports::call::CallContext;
use wharf_ports::model::{Model, ModelError, ModelEvent, Usage};
use wharf_protocol::event::Stop;
use wharf_providers::{Script, models};

fn script(text: &str) -> Script {
    Script::parse(text, "s.jsonl").unwrap()
}

async fn say(script: &Script, prompt: &str) -> Result<Vec<ModelEvent>, ModelError> {
    ask(script, &[user(prompt)], &[]).await
}

fn texts(events: &[ModelEvent]) -> Vec<&str> {
    let texts = events.iter().filter_map(|event| match event {
        ModelEvent::Text(text) => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}

#[tokio::test]
async fn lines_are_used_in_order_by_one_cursor_for_all_clones() {
    let first = script("# a comment\n\n{\"text\":\"one\"}\r\n  \n{\"text\":\"two\"}");
    let second = first.clone();
    assert_eq!(text_of(&say(&first, "").await.unwrap()), "one");
    assert_eq!(text_of(&say(&second, "").await.unwrap()), "two");
    let error = say(&first, "").await.unwrap_err();
    assert_eq!(error.to_string(), "script exhausted after 2 responses");
}

#[tokio::test]
async fn text_is_one_delta_and_deltas_are_as_given() {
    let script = script(r#"{"text":"all at once"}"#);
    assert_eq!(texts(&say(&script, "").await.unwrap()), ["all at once"]);
    let script = self::script(r#"{"deltas":["It ","says ","hi."]}"#);
    assert_eq!(texts(&say(&script, "").await.unwrap()), ["It ", "says ", "hi."]);
}

#[tokio::test]
async fn thinking_comes_before_the_answer() {
    let events = say(&script(r#"{"text":"hi","thinking":"hm"}"#), "").await.unwrap();
    assert_eq!(events[0], ModelEvent::Thinking("hm".to_owned()));
    assert_eq!(events[1], ModelEvent::Text("hi".to_owned()));
}

#[tokio::test]
async fn tool_calls_stream_their_arguments_as_they_are_written() {
    let line =
        r#"{"tool_calls":[{"id":"t1","name":"a","args":{"z": 1.50, "a":2}},{"name":"b"}],"text":"ok"}"#;
    let events = say(&script(line), "").await.unwrap();
    let expected = [
        ModelEvent::Text("ok".to_owned()),
        ModelEvent::ToolStart { id: "t1".to_owned(), name: "a".to_owned() },
        ModelEvent::ToolArgs { id: "t1".to_owned(), delta: r#"{"z": 1.50, "a":2}"#.to_owned() },
        ModelEvent::ToolEnd { id: "t1".to_owned() },
        ModelEvent::ToolStart { id: "call_1_2".to_owned(), name: "b".to_owned() },
        ModelEvent::ToolArgs { id: "call_1_2".to_owned(), delta: "{}".to_owned() },
        ModelEvent::ToolEnd { id: "call_1_2".to_owned() },
        ModelEvent::Done { stop: Stop::ToolUse, usage: Usage::default() },
    ];
    assert_eq!(events, expected);
}

#[tokio::test]
async fn made_up_ids_differ_between_responses() {
    let script = script(r#"{"tool_calls":[{"name":"a"}],"repeat":true}"#);
    let (one, two) = (say(&script, "").await.unwrap(), say(&script, "").await.unwrap());
    assert_ne!(one[0], two[0]);
}

#[tokio::test]
async fn when_passes_a_line_over_and_fills_in_its_groups() {
    let script = script(
        "{\"when\":\"weather in (\\\\w+)\",\"tool_calls\":[{\"name\":\"weather\",\"args\":{\"city\":\"$1\",\"n\":5}}]}\n\
         {\"text\":\"$1 stays\"}",
    );
    assert_eq!(text_of(&say(&script, "hello").await.unwrap()), "$1 stays");
    let messages = [user("weather in Berlin?"), result(&["no matter"])];
    let events = ask(&script, &messages, &[]).await.unwrap();
    let args =
        ModelEvent::ToolArgs { id: "call_2_1".to_owned(), delta: r#"{"city":"Berlin","n":5}"#.to_owned() };
    assert!(events.contains(&args), "{events:?}");
    assert!(matches!(
        say(&script, "weather in Rome").await,
        Err(ModelError::ScriptExhausted { responses: 2 })
    ));
}

#[tokio::test]
async fn usage_is_reported() {
    let line = r#"{"text":"x","usage":{"input":120,"output":9,"cache_read":3,"cache_write":4}}"#;
    let usage = Usage { input: 120, output: 9, cache_read: 3, cache_write: 4, cost_usd: 0.0 };
    let events = say(&script(line), "").await.unwrap();
    assert_eq!(events.last(), Some(&ModelEvent::Done { stop: Stop::End, usage }));
}

#[tokio::test]
async fn an_error_fails_the_call_as_that_status() {
    let line = r#"{"error":{"status":429,"message":"slow down","retry_after_ms":10}}"#;
    match say(&script(line), "").await {
        Err(ModelError::Status { provider, status: 429, message, retry_after }) => {
            assert_eq!((provider.as_str(), message.as_str()), ("script", "slow down"));
            assert_eq!(retry_after, Some(Duration::from_millis(10)));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn delay_is_waited_before_each_delta() {
    for (line, waited) in [
        (r#"{"deltas":["a","b","c"],"delay_ms":200}"#, 600),
        (r#"{"tool_calls":[{"name":"a"}],"delay_ms":200}"#, 200),
        (r#"{"error":{"status":500},"delay_ms":200}"#, 200),
    ] {
        let start = tokio::time::Instant::now();
        let _ = say(&script(line), "").await;
        assert!(start.elapsed() >= Duration::from_millis(waited), "{line}");
        assert!(start.elapsed() < Duration::from_millis(waited + 100), "{line}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_delay_ends_when_the_caller_cancels() {
    let cx = CallContext::human(CancellationToken::new());
    let script = script(r#"{"text":"never","delay_ms":3600000}"#);
    let messages = [user("")];
    let asked = ask_in(&script, &messages, &[], &cx);
    let cancelled = async {
        tokio::time::sleep(Duration::from_millis(1)).await;
        cx.cancel.cancel();
    };
    let (answer, ()) = tokio::join!(asked, cancelled);
    assert!(matches!(answer, Err(ModelError::Cancelled)), "{answer:?}");
}

#[tokio::test]
async fn a_line_with_repeat_is_not_used_up() {
    let script = script("{\"when\":\"again\",\"text\":\"again\",\"repeat\":true}\n{\"text\":\"once\"}");
    for (prompt, answer) in [("again", "again"), ("again", "again"), ("x", "once"), ("again", "again")] {
        assert_eq!(text_of(&say(&script, prompt).await.unwrap()), answer);
    }
}

#[test]
fn a_wrong_line_is_named() {
    for (text, expected) in [
        ("{\"text\":\"a\"}\n\n{\"txt\":\"b\"}", "s.jsonl:3: column 6: unknown field `txt`"),
        ("{\"text\":1}", "s.jsonl:1: column 9: invalid type: integer `1`"),
        ("# x\nnonsense", "s.jsonl:2: column 2: expected ident"),
        ("{\"tool_calls\":[{\"nam\":\"b\"}]}", "s.jsonl:1: column 21: unknown field `nam`"),
        ("{\"usage\":{\"in\":1}}", "s.jsonl:1: column 14: unknown field `in`"),
        ("{\"error\":{\"code\":1}}", "s.jsonl:1: column 16: unknown field `code`"),
        ("{\"when\":\"(\"}", "s.jsonl:1: \"when\" is no regular expression: "),
        ("{\"text\":\"a\",\"deltas\":[]}", "s.jsonl:1: \"text\" and \"deltas\" cannot stand in one line"),
        (
            "{\"text\":\"a\",\"error\":{\"status\":1}}",
            "s.jsonl:1: \"error\" and \"text\" cannot stand in one line",
        ),
    ] {
        let error = Script::parse(text, "s.jsonl").unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}

#[tokio::test]
async fn a_file_is_loaded_and_a_missing_one_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.jsonl");
    let error = Script::load(&path).unwrap_err();
    assert!(error.to_string().contains("a.jsonl cannot be read"), "{error}");
    std::fs::write(&path, "{\"text\":\"from a file\"}\n").unwrap();
    let script = Script::load(&path).unwrap();
    assert_eq!(text_of(&say(&script, "").await.unwrap()), "from a file");
}

#[test]
fn each_provider_lists_one_model() {
    let names: Vec<_> = models().into_iter().map(|name| (name.provider, name.model)).collect();
    let expected = [("demo", "demo"), ("script", "script")].map(|(a, b)| (a.to_owned(), b.to_owned()));
    assert_eq!(names, expected);
    assert_eq!(script("").name(), models()[1]);
}
