//! Reading JSON so that each mistake names its field, its place and what was probably meant.

use serde::de::DeserializeOwned;
use serde_json::error::Category;

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
    let mut json = serde_json::Deserializer::from_slice(text);
    match serde_path_to_error::deserialize(&mut json) {
        Ok(value) => json.end().map(|()| value).map_err(|error| of(&error, "")),
        Err(error) => {
            let field = error.path().to_string();
            Err(of(error.inner(), if field == "." { "" } else { &field }))
        }
    }
}

fn of(error: &serde_json::Error, field: &str) -> Mistake {
    let message = plain(&without_place(&error.to_string()));
    let field = match (field, error.classify()) {
        // What is no JSON at all has a place and no field.
        ("", _) | (_, Category::Syntax | Category::Eof | Category::Io) => String::new(),
        (field, Category::Data) => format!(", in \"{field}\""),
    };
    let meant = suggestion::of_message(&message);
    Mistake { line: error.line(), column: error.column().max(1), problem: format!("{message}{field}{meant}") }
}

/// serde_json repeats the place at the end of its text.
fn without_place(text: &str) -> String {
    text.rsplit_once(" at line ").map_or(text, |(text, _)| text).to_owned()
}

/// Says in JSON's words what serde says in Rust's.
fn plain(message: &str) -> String {
    const WORDS: [(&str, &str); 4] = [
        ("expected a sequence", "expected a list"),
        ("expected a map", "expected an object"),
        ("expected i16", "expected a whole number from -32768 to 32767"),
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
