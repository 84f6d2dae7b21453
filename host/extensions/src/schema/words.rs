//! Problems of schemas and of arguments in plain words, and not too many of them.

use jsonschema::ValidationError;
use serde_json::Value;

/// Longest text that quotes somebody else's value, in bytes: it reaches the model.
const MAX_TEXT: usize = 4 << 10;
/// Longest value that is quoted in a problem.
const MAX_QUOTED: usize = 1 << 10;

/// Cuts a text that quotes somebody else's value.
pub(crate) fn cut(text: &str) -> String {
    match text.get(..text.floor_char_boundary(MAX_TEXT)) {
        Some(cut) if cut.len() < text.len() => format!("{cut}…"),
        _ => text.to_owned(),
    }
}

/// What does not fit. A long value is not quoted, so that the reason is there.
pub(super) fn problem(error: &ValidationError<'_>) -> String {
    let quoted = error.instance().to_string();
    let value = if quoted.len() > MAX_QUOTED { "the value" } else { quoted.as_str() };
    cut(&match error.kind().keyword() {
        "format" => {
            format!("{value} is no pattern that can be used: it is none, takes too much, or looks around")
        }
        "anyOf" => format!("{value} fits none of the alternatives that its schema allows"),
        _ if quoted.len() > MAX_QUOTED => error.masked_with("the value").to_string(),
        _ => error.to_string(),
    })
}

/// What is wrong with a `type` that is none.
pub(super) fn no_type(given: &Value) -> String {
    let given = given.to_string();
    let types = "string, number, integer, boolean, object, array, null";
    cut(&format!("{} is no type; one of {types}", if given.len() > MAX_QUOTED { "it" } else { &given }))
}

pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
