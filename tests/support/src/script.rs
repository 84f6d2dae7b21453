//! What the model says: lines of a script.

use serde_json::{Value, json};

/// The model answers with a text.
#[must_use]
pub fn says(text: &str) -> String {
    json!({ "text": text }).to_string()
}

/// The model calls one tool.
#[must_use]
pub fn calls(name: &str, args: Value) -> String {
    json!({ "tool_calls": [{ "name": name, "args": args }] }).to_string()
}

/// The model calls several tools in one answer.
#[must_use]
pub fn calls_all(calls: impl IntoIterator<Item = (&'static str, Value)>) -> String {
    let calls: Vec<Value> =
        calls.into_iter().map(|(name, args)| json!({ "name": name, "args": args })).collect();
    json!({ "tool_calls": calls }).to_string()
}

/// The model says something and calls a tool.
#[must_use]
pub fn says_and_calls(text: &str, name: &str, args: Value) -> String {
    json!({ "text": text, "tool_calls": [{ "name": name, "args": args }] }).to_string()
}
