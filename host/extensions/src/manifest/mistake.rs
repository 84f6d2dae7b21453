//! Reading JSON so that each mistake names its field, its place and what was probably meant.

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

use crate::place;
use crate::suggestion;

/// What is wrong, and where.
pub(super) struct Mistake {
    /// From 1.
    pub(super) line: usize,
    /// From 1.
    pub(super) column: usize,
    pub(super) problem: String,
}

/// Reads all of a text.
pub(super) fn read<T: DeserializeOwned>(text: &[u8]) -> Result<T, Mistake> {
    // What is no JSON at all has a place and no field.
    serde_json::from_slice::<IgnoredAny>(text).map_err(|error| Mistake {
        line: error.line(),
        column: error.column().max(1),
        problem: plain(&without_place(&error.to_string())),
    })?;
    let mut json = serde_json::Deserializer::from_slice(text);
    serde_path_to_error::deserialize(&mut json).map_err(|error| of(text, &error))
}

/// Mistakes that are told of one text.
const MISTAKES: usize = 10;

/// What else is wrong with a text that is JSON: each key that cannot be read is left out in turn.
pub(super) fn further<T: DeserializeOwned>(text: &[u8]) -> Vec<Mistake> {
    let Ok(mut value) = serde_json::from_slice::<Value>(text) else { return Vec::new() };
    let mut found = Vec::new();
    while found.len() <= MISTAKES {
        let left = value.to_string();
        let mut json = serde_json::Deserializer::from_str(&left);
        let Err(error) = serde_path_to_error::deserialize::<_, T>(&mut json) else { break };
        let mistake = of(text, &error);
        // A key that is missing may be one that was left out.
        if mistake.problem.starts_with("missing field") {
            break;
        }
        found.push(mistake);
        if !leave_out(&mut value, error.path()) {
            break;
        }
    }
    // The first one was told when the text was read.
    found.into_iter().skip(1).collect()
}

/// Takes out the key that a path leads to. An element of a list is not taken out: the others would move.
fn leave_out(value: &mut Value, path: &Path) -> bool {
    let keys = keys(path);
    let Some((last, above)) = keys.split_last() else { return false };
    let inside = above.iter().try_fold(value, |inside, key| match inside {
        Value::Array(all) => all.get_mut(key.parse::<usize>().ok()?),
        other => other.get_mut(key),
    });
    let object = inside.and_then(Value::as_object_mut);
    object.is_some_and(|object| object.remove(last).is_some())
}

/// A mistake in what is JSON stands where its key does.
fn of(text: &[u8], error: &serde_path_to_error::Error<serde_json::Error>) -> Mistake {
    let message = match without_place(&error.inner().to_string()).as_str() {
        // This is said of what should be one of some words and is none.
        "expected value" => "expected a string".to_owned(),
        message => plain(message),
    };
    let (line, column) = match message.starts_with("duplicate field") {
        // Its name leads to one of the two, and not to this one.
        true => (error.inner().line(), error.inner().column().max(1)),
        false => place_of(text, error.path()),
    };
    let field = error.path().to_string();
    let field = if field == "." { String::new() } else { format!(", in \"{field}\"") };
    let meant = suggestion::of_message(&message);
    Mistake { line, column, problem: format!("{message}{field}{meant}") }
}

fn place_of(text: &[u8], path: &Path) -> (usize, usize) {
    place::of(text, &keys(path).iter().map(String::as_str).collect::<Vec<_>>())
}

fn keys(path: &Path) -> Vec<String> {
    path.iter()
        .map_while(|segment| match segment {
            Segment::Seq { index } => Some(index.to_string()),
            Segment::Map { key } => Some(key.clone()),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect()
}

/// serde_json repeats the place at the end of its text.
fn without_place(text: &str) -> String {
    text.rsplit_once(" at line ").map_or(text, |(text, _)| text).to_owned()
}

/// Says in JSON's words what serde says in Rust's.
fn plain(message: &str) -> String {
    const WORDS: [(&str, &str); 11] = [
        ("EOF while parsing", "the text ends inside"),
        ("key must be a string", "a key must be a string, in double quotes"),
        ("invalid type: sequence", "invalid type: a list"),
        ("invalid type: map", "invalid type: an object"),
        ("invalid type: floating point", "invalid type: the number"),
        ("invalid value: integer", "invalid value: the number"),
        ("expected a sequence", "expected a list"),
        ("expected a map", "expected an object"),
        ("expected i16", "expected a whole number from -32768 to 32767"),
        // Of a `timeout_ms`.
        ("expected u32", "expected a whole number from 1 to 600000"),
        (", there are no fields", " (there is none yet that could be given)"),
    ];
    let message = WORDS.iter().fold(message.to_owned(), |text, (rust, json)| text.replace(rust, json));
    match message.split_once("expected struct ") {
        Some((before, name)) => {
            let rest = name.trim_start_matches(|c: char| c.is_alphanumeric());
            format!("{before}expected an object{rest}")
        }
        None => message,
    }
}
