//! JSON text whose schema belongs to somebody else: tool arguments, tool schemas.

use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

mod unambiguous;

/// Valid JSON, kept as the text it was written in. Numbers keep their digits, keys their order. Cheap to clone.
#[derive(Clone)]
pub struct Json(Arc<RawValue>);

impl Json {
    /// Takes text that must be one JSON value.
    ///
    /// # Errors
    /// The parser's error when the text is no JSON value.
    pub fn new(text: impl Into<String>) -> Result<Self, serde_json::Error> {
        Ok(Self(Arc::from(RawValue::from_string(text.into())?)))
    }

    /// Writes a value as JSON text.
    ///
    /// # Errors
    /// The serialiser's error, for a value that JSON cannot hold.
    pub fn of(value: &impl Serialize) -> Result<Self, serde_json::Error> {
        Ok(Self(Arc::from(serde_json::value::to_raw_value(value)?)))
    }

    /// `{}`, what a tool gets that is called without arguments.
    #[must_use]
    pub fn empty_object() -> Self {
        Self(Arc::from(RawValue::from_string("{}".to_owned()).unwrap_or_default()))
    }

    /// The text, as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    /// Reads the text as a value, in which no key may occur twice: readers differ in which of the two counts.
    ///
    /// # Errors
    /// The key that does, and where; or the parser's error.
    pub fn value(&self) -> Result<Value, serde_json::Error> {
        unambiguous::read(self.as_str())
    }

    /// Reads the text as a value of a type.
    ///
    /// # Errors
    /// The parser's error when the value has another shape.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.0.get())
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl PartialEq for Json {
    /// Compares the text, not the meaning.
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Json {}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Arc::from(Box::<RawValue>::deserialize(deserializer)?)))
    }
}

/// Bytes of the JSON string at the start of the text, quotes included; all of it when the string does not end.
#[must_use]
pub fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (index, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return index + 1,
            _ => {}
        }
    }
    text.len()
}
