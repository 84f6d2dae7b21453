//! Asks a model and collects what it says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]
#![allow(dead_code, reason = "each test file uses a part")]

use std::sync::Arc;

use futures_util::StreamExt;
use tokio_util::sync::CancellationToken;
use wharf_ports::call::CallContext;
use wharf_ports::clock::{Clock, SystemClock};
use wharf_ports::message::{Body, Message, ToolResult};
use wharf_ports::model::{Model, ModelError, ModelEvent, ModelRequest};
use wharf_protocol::content::Content;
use wharf_protocol::json::Json;
use wharf_protocol::tool::{ToolOutput, ToolSpec};

pub async fn ask(
    model: &dyn Model,
    messages: &[Message],
    tools: &[Arc<ToolSpec>],
) -> Result<Vec<ModelEvent>, ModelError> {
    ask_in(model, messages, tools, &CallContext::human(CancellationToken::new())).await
}

pub async fn ask_in(
    model: &dyn Model,
    messages: &[Message],
    tools: &[Arc<ToolSpec>],
    cx: &CallContext,
) -> Result<Vec<ModelEvent>, ModelError> {
    let mut stream = model.stream(ModelRequest { system: "", messages, tools }, cx).await?;
    let mut events = Vec::new();
    while let Some(event) = stream.next().await {
        events.push(event?);
    }
    assert!(matches!(events.last(), Some(ModelEvent::Done { .. })), "ends with its end: {events:?}");
    Ok(events)
}

pub fn user(text: &str) -> Message {
    Message { body: Body::User(vec![Content::text(text)]), time: SystemClock.now() }
}

pub fn result(texts: &[&str]) -> Message {
    let results = texts.iter().map(|text| ToolResult {
        call_id: "t".to_owned(),
        output: ToolOutput::text(*text),
        ran: None,
    });
    Message { body: Body::Tool(results.collect()), time: SystemClock.now() }
}

pub fn tool(name: &str, schema: &str) -> Arc<ToolSpec> {
    Arc::new(ToolSpec::new(name, "", Json::new(schema).unwrap()))
}

pub fn text_of(events: &[ModelEvent]) -> String {
    events
        .iter()
        .filter_map(|event| match event {
            ModelEvent::Text(text) => Some(text.as_str()),
            _ => None,
        })
        .collect()
}
