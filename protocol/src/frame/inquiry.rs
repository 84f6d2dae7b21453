//! The frames that version 2 adds: requests of an extension and their replies, progress, cancelling, the context of a
//! call.

use serde::{Deserialize, Serialize};

use crate::request::{Reply, Request, RequestError};

/// What set a call in motion, and how long it may take. A field of questions and events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Context {
    /// One number for everything that one action of the human causes.
    pub chain: u64,
    /// How many extensions stand between the human and this call.
    pub depth: u8,
    /// Milliseconds until the answer must be there.
    pub budget_ms: u32,
}

/// `request`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestFrame {
    /// Comes back in the reply; empty: no reply is wanted.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// The tool call or command during which a dialog is asked: its id.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub call: String,
    /// What is asked.
    #[serde(flatten)]
    pub request: Request,
}

/// `reply`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyFrame {
    /// The request's id.
    #[serde(default)]
    pub id: String,
    /// How it went.
    #[serde(flatten)]
    pub result: ReplyResult,
}

/// How a request went: flat, with the `kind` of the reply, or with `error`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ReplyResult {
    /// Well.
    Well(Reply),
    /// Not.
    Not(RequestError),
}

impl From<Result<Reply, RequestError>> for ReplyResult {
    fn from(result: Result<Reply, RequestError>) -> Self {
        match result {
            Ok(reply) => Self::Well(reply),
            Err(error) => Self::Not(error),
        }
    }
}

impl From<ReplyResult> for Result<Reply, RequestError> {
    fn from(result: ReplyResult) -> Self {
        match result {
            ReplyResult::Well(reply) => Ok(reply),
            ReplyResult::Not(error) => Err(error),
        }
    }
}

/// `progress`: output of a tool call that is still running.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// The call's id.
    pub id: String,
    /// The piece.
    pub text: String,
}

/// `cancel`: nobody waits for the answer to this question any more.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Cancel {
    /// The question's id.
    pub id: String,
}
