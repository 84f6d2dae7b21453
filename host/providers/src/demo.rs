//! The provider `demo`: it calls the tools that the user's message names, and answers with their results.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use async_trait::async_trait;
use regex::Regex;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use wharf_ports::call::CallContext;
use wharf_ports::message::Body;
use wharf_ports::model::{Model, ModelError, ModelEvent, ModelName, ModelRequest, ModelStream, Usage};
use wharf_protocol::event::Stop;
use wharf_protocol::tool::ToolSpec;

use crate::playback::{Cue, last_user_text, play};

pub(crate) const NAME: &str = "demo";
/// Pieces in which a text streams, at most.
const DELTAS: usize = 4;

/// The demo model. The same transcript and tools always give the same answer.
#[must_use]
pub fn demo() -> impl Model {
    Demo
}

struct Demo;

/// What the model says.
enum Answer {
    Text(String),
    Calls(Vec<Call>),
}

struct Call {
    name: String,
    args: String,
}

#[async_trait]
impl Model for Demo {
    fn name(&self) -> ModelName {
        ModelName { provider: NAME.to_owned(), model: NAME.to_owned() }
    }

    async fn stream(&self, request: ModelRequest<'_>, cx: &CallContext) -> Result<ModelStream, ModelError> {
        let (mut events, stop) = match answer(&request) {
            Answer::Text(text) => (pieces(&text).map(ModelEvent::Text).collect(), Stop::End),
            Answer::Calls(calls) => (compose(calls, request.messages.len()), Stop::ToolUse),
        };
        events.push(ModelEvent::Done { stop, usage: Usage::default() });
        let cues = events.into_iter().map(|event| Cue { pause: Duration::ZERO, event });
        Ok(play(cues.collect(), cx))
    }
}

fn answer(request: &ModelRequest<'_>) -> Answer {
    if let Some(Body::Tool(results)) = request.messages.last().map(|message| &message.body) {
        let texts = results.iter().map(|result| result.output.joined_text());
        return Answer::Text(texts.collect::<Vec<_>>().join("\n"));
    }
    match read_calls(&last_user_text(request.messages)) {
        Ok(calls) if calls.is_empty() => Answer::Text(introduction(request.tools)),
        Ok(calls) => Answer::Calls(calls),
        Err(problem) => Answer::Text(problem),
    }
}

/// Finds each `call NAME {json}`.
fn read_calls(text: &str) -> Result<Vec<Call>, String> {
    #[allow(clippy::expect_used, reason = "a constant pattern, covered by the tests")]
    static CALL: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\bcall +([A-Za-z0-9_-]+) *").expect("the pattern is valid"));

    let mut calls = Vec::new();
    let mut rest = text;
    while let Some(captures) = CALL.captures(rest) {
        let name = captures.get(1).map_or("", |name| name.as_str());
        let after = captures.get(0).and_then(|found| rest.get(found.end()..)).unwrap_or_default();
        let (args, length) = read_args(name, after)?;
        calls.push(Call { name: name.to_owned(), args });
        rest = after.get(length..).unwrap_or_default();
    }
    Ok(calls)
}

/// Reads the JSON value at the start of the text, and how many bytes it takes; `{}` if there is none.
fn read_args(name: &str, text: &str) -> Result<(String, usize), String> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Box<RawValue>>();
    match values.next() {
        Some(Ok(value)) => Ok((value.get().to_owned(), values.byte_offset())),
        Some(Err(error)) if text.starts_with(['{', '[', '"']) => Err(format!(
            "The arguments of {name} are not JSON: {error}.\nWrite them like this: call {name} {{\"key\":\"value\"}}"
        )),
        // Not meant as JSON: the sentence goes on.
        Some(Err(_)) | None => Ok(("{}".to_owned(), 0)),
    }
}

fn compose(calls: Vec<Call>, messages: usize) -> Vec<ModelEvent> {
    let events = calls.into_iter().enumerate().flat_map(|(index, Call { name, args })| {
        // Unique within a transcript, and the same each time.
        let id = format!("demo_{messages}_{}", index + 1);
        [
            ModelEvent::ToolStart { id: id.clone(), name },
            ModelEvent::ToolArgs { id: id.clone(), delta: args },
            ModelEvent::ToolEnd { id },
        ]
    });
    events.collect()
}

/// Cuts a text into a few pieces.
fn pieces(text: &str) -> impl Iterator<Item = String> {
    let characters: Vec<char> = text.chars().collect();
    let length = characters.len().div_ceil(DELTAS).max(1);
    let pieces: Vec<String> = characters.chunks(length).map(String::from_iter).collect();
    pieces.into_iter()
}

fn introduction(tools: &[Arc<ToolSpec>]) -> String {
    let hello = "This is the demo model. It needs no network: it calls the tools that you name.";
    let Some(example) = tools.first() else {
        return format!("{hello}\nThere are no tools at the moment.");
    };
    let names: Vec<&str> = tools.iter().map(|tool| tool.name.as_str()).collect();
    format!(
        "{hello}\nTools: {}.\nFor instance: call {} {}",
        names.join(", "),
        example.name,
        sample_args(example)
    )
}

/// Arguments that name what the schema requires.
fn sample_args(tool: &ToolSpec) -> String {
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Schema {
        required: Vec<String>,
        properties: BTreeMap<String, Value>,
    }
    let Schema { required, properties } = tool.schema.parse().unwrap_or_default();
    let sample = |key: &String| match properties.get(key).and_then(|schema| schema.get("type")?.as_str()) {
        Some("integer" | "number") => json!(1),
        Some("boolean") => json!(true),
        Some("array") => json!([]),
        Some("object") => json!({}),
        _ => json!("…"),
    };
    let sample: BTreeMap<&String, Value> = required.iter().map(|key| (key, sample(key))).collect();
    serde_json::to_string(&sample).unwrap_or_else(|_| "{}".to_owned())
}
