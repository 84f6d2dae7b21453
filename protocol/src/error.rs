//! What can be wrong with a name or a line.

use thiserror::Error;

/// A name that breaks a rule of [`crate::id`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NameError {
    /// No characters at all.
    #[error("the name is empty")]
    Empty,
    /// Longer than the limit, both in bytes.
    #[error("the name has {length} bytes, {limit} are allowed")]
    TooLong {
        /// Bytes in the name.
        length: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// A character outside the allowed set.
    #[error("the name {name:?} holds {character:?}; letters, digits and {punctuation:?} are allowed")]
    Character {
        /// The name.
        name: String,
        /// The first character that is not allowed.
        character: char,
        /// The punctuation that would be.
        punctuation: &'static str,
    },
    /// An extension name must begin with a letter or a digit.
    #[error("the name {0:?} does not begin with a letter or a digit")]
    Start(String),
}

/// A line that is not a frame. None of these ends a connection: the line is logged and skipped.
#[derive(Debug, Error)]
pub enum DecodeError {
    /// Not UTF-8, not JSON, or not a JSON object.
    #[error("malformed JSON: {0}")]
    Malformed(#[source] serde_json::Error),
    /// The object has no `type`, or one that is not a string.
    #[error("the frame has no \"type\"")]
    NoType,
    /// A `type` that this direction does not have.
    #[error("unknown frame type {0:?}")]
    UnknownType(String),
    /// The type is known, a field is missing or has the wrong type.
    #[error("bad {kind} frame: {source}")]
    Field {
        /// The frame's `type`.
        kind: &'static str,
        /// The frame's `id`, if it has one that can be read: whoever waits for it need not wait longer.
        id: Option<String>,
        /// Which field and why.
        source: serde_json::Error,
    },
}

/// What ends the reading of lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum LineError {
    /// A line, newline included, has more bytes than allowed. Nothing behind it can be trusted.
    #[error("a line is longer than {limit} bytes")]
    TooLong {
        /// Bytes allowed, newline included.
        limit: usize,
    },
    /// The stream ended inside a line.
    #[error("the stream ended in the middle of a line, after {bytes} bytes of it")]
    Torn {
        /// Bytes of the unfinished line.
        bytes: usize,
    },
}

/// A frame that cannot be sent.
#[derive(Debug, Error)]
pub enum EncodeError {
    /// The line would be longer than the peer accepts, both in bytes, newline included.
    #[error("the frame would be a line of {bytes} bytes, {limit} are allowed")]
    TooLong {
        /// Bytes of the line.
        bytes: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// The value could not be serialised.
    #[error("the frame cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}
