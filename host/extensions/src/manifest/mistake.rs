//! Reading JSON so that each mistake names its field, its place and what was probably meant.

use serde::de::{DeserializeOwned, IgnoredAny};
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
    let keys: Vec<String> = path
        .iter()
        .map_while(|segment| match segment {
            Segment::Seq { index } => Some(index.to_string()),
            Segment::Map { key } => Some(key.clone()),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect();
    place::of(text, &keys.iter().map(String::as_str).collect::<Vec<_>>())
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
