//! The demo model answers the same way each time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]

mod asking;

use std::sync::Arc;

use asking::{ask, result, text_of, tool, user};
use tokio_util::sync::CancellationToken;
use wharf_ports::call::CallContext;
use wharf_ports::model::{Model, ModelError, ModelEvent};
use wharf_protocol::event::Stop;
use wharf_providers::demo;

/// The calls that a message leads to, as `name args`.
async fn calls(message: &str) -> Vec<String> {
    let events = ask(&demo(), &[user(message)], &[]).await.unwrap();
    let mut calls: Vec<String> = Vec::new();
    for event in events {
        match event {
            ModelEvent::ToolStart { name, .. } => calls.push(name),
            ModelEvent::ToolArgs { delta, .. } => calls.last_mut().unwrap().push_str(&format!(" {delta}")),
            _ => {}
        }
    }
    calls
}

#[tokio::test]
async fn each_call_in_the_message_becomes_a_tool_call() {
    let cases: &[(&str, &[&str])] = &[
        (r#"call weather {"city":"Berlin"}"#, &[r#"weather {"city":"Berlin"}"#]),
        (r#"please call  a-b_1 {"x": [1.50]} and call c, then stop"#, &[r#"a-b_1 {"x": [1.50]}"#, "c {}"]),
        (r#"call a {"text":"call b {}"} call c"#, &[r#"a {"text":"call b {}"}"#, "c {}"]),
        ("call a", &["a {}"]),
        ("call read the file", &["read {}"]),
        (r#"call a "x""#, &[r#"a "x""#]),
        ("recall b", &[]),
        ("callb", &[]),
        ("call über", &[]),
    ];
    for (message, expected) in cases {
        assert_eq!(calls(message).await, *expected, "{message}");
    }
}

#[tokio::test]
async fn only_the_last_message_of_the_user_counts() {
    let events = ask(&demo(), &[user("call a"), user("hello")], &[]).await.unwrap();
    assert!(text_of(&events).contains("demo model"));
}

#[tokio::test]
async fn bad_json_is_answered_in_text() {
    let events = ask(&demo(), &[user(r#"call a call b {"x":"#)], &[]).await.unwrap();
    assert!(text_of(&events).starts_with("The arguments of b are not JSON: "), "{events:?}");
    assert!(matches!(events.last(), Some(ModelEvent::Done { stop: Stop::End, .. })));
}

#[tokio::test]
async fn the_answer_is_what_the_tools_said() {
    let messages = [user("call a call b"), result(&["one", "two\nthree"])];
    let events = ask(&demo(), &messages, &[]).await.unwrap();
    assert_eq!(text_of(&events), "one\ntwo\nthree");
    assert!(events.len() > 2, "streams in a few pieces: {events:?}");
}

#[tokio::test]
async fn without_a_call_it_says_what_it_can() {
    let tools = [tool("bash", r#"{"required":["command"]}"#), tool("weather", "{}")];
    let events = ask(&demo(), &[user("hello")], &tools).await.unwrap();
    let text = text_of(&events);
    assert!(
        text.contains("Tools: bash, weather.") && text.contains(r#"call bash {"command":"…"}"#),
        "{text}"
    );
    assert!(text_of(&ask(&demo(), &[user("hi")], &[]).await.unwrap()).contains("no tools"));
}

#[tokio::test]
async fn ids_differ_within_an_answer() {
    let events = ask(&demo(), &[user("call a call a")], &[]).await.unwrap();
    let ids: std::collections::BTreeSet<_> = events
        .iter()
        .filter_map(|event| match event {
            ModelEvent::ToolStart { id, .. } => Some(id),
            _ => None,
        })
        .collect();
    assert_eq!(ids.len(), 2);
}

#[tokio::test]
async fn a_cancelled_call_says_so() {
    let cancel = CancellationToken::new();
    cancel.cancel();
    let model: Arc<dyn Model> = Arc::new(demo());
    let error = asking::ask_in(model.as_ref(), &[user("hi")], &[], &CallContext::human(cancel)).await;
    assert!(matches!(error, Err(ModelError::Cancelled)));
}
