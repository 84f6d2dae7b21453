//! What an extension may ask of its host while it runs. Neither answer leads back into an extension.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::panel::Panel;

/// A request of an extension. In JSON the `kind` comes first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Request {
    /// Submit a prompt; it is taken up when those before it have ended. Answered with [`Reply::Done`] at once.
    Submit {
        /// The prompt.
        text: String,
    },
    /// Put text into the user's editor, without submitting it.
    Insert {
        /// The text.
        text: String,
    },
    /// Show text to the user; the model does not see it.
    Display {
        /// The text.
        text: String,
    },
    /// Set the extension's segment of the status line.
    Status {
        /// A short text; empty: none.
        #[serde(default)]
        text: String,
    },
    /// Open a panel.
    OpenPanel {
        /// What it shows first.
        panel: Panel,
    },
    /// Let the user choose. Only during a tool call or a command. Answered with [`Reply::Choice`].
    Select {
        /// The question.
        title: String,
        /// What there is to choose from.
        choices: Vec<String>,
    },
    /// Let the user say yes or no. Only during a tool call or a command. Answered with [`Reply::Confirmed`].
    Confirm {
        /// The question.
        title: String,
        /// More about it; empty: nothing.
        #[serde(default)]
        text: String,
    },
    /// Let the user type a line. Only during a tool call or a command. Answered with [`Reply::Text`].
    Input {
        /// The question.
        title: String,
        /// What stands there to begin with; empty: nothing.
        #[serde(default)]
        text: String,
    },
    /// Read a value. Answered with [`Reply::Value`].
    StoreGet {
        /// Whose.
        scope: Scope,
        /// Which one.
        key: String,
    },
    /// Write a value. Answered with [`Reply::Stored`] when it is on the disk.
    StoreSet {
        /// Whose.
        scope: Scope,
        /// Which one.
        key: String,
        /// The value.
        value: String,
        /// Only if the value has this version, 0 for one that is not there; none: in any case.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expected: Option<u64>,
    },
    /// Remove a value; one that is not there is as good as removed. Answered with [`Reply::Done`].
    StoreDelete {
        /// Whose.
        scope: Scope,
        /// Which one.
        key: String,
    },
    /// List keys, sorted, at most 1000. Answered with [`Reply::Keys`].
    StoreKeys {
        /// Whose.
        scope: Scope,
        /// How they begin; empty: all.
        #[serde(default)]
        prefix: String,
        /// Only those behind this one; empty: from the beginning.
        #[serde(default)]
        after: String,
    },
}

/// For whom a value is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// For the user, in every project.
    User,
    /// For the project, the directory that the agent works in.
    Project,
    /// For the session; gone when it ends.
    Session,
}

impl Scope {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Project => "project",
            Self::Session => "session",
        }
    }
}

/// A value of the store, and which one it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Value {
    /// The text.
    pub value: String,
    /// Grows with each change of this key.
    pub version: u64,
}

/// The answer to a [`Request`] that went well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Reply {
    /// It is done.
    Done,
    /// The user chose the choice with this number, counted from 0.
    Choice {
        /// Which one.
        index: u32,
    },
    /// The user said yes or no.
    Confirmed {
        /// Yes.
        yes: bool,
    },
    /// The user typed this.
    Text {
        /// The line.
        text: String,
    },
    /// A value is there.
    Value(Value),
    /// There is no value.
    Absent,
    /// The value is on the disk.
    Stored {
        /// Its version from now on.
        version: u64,
    },
    /// Keys, in order.
    Keys {
        /// 1000 at most.
        keys: Vec<String>,
    },
}

/// Why a [`Request`] came to nothing. In JSON as `{"kind":"error","error":"no_ui",…}`.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(tag = "error", rename_all = "snake_case")]
pub enum RequestError {
    /// There is nobody who could see it: print and JSON mode, a client without a UI.
    #[error("there is no UI here")]
    NoUi,
    /// The user closed the dialog without an answer.
    #[error("the user gave no answer")]
    Dismissed,
    /// The user did not answer in time, or the call that asked was ended.
    #[error("the dialog was closed before the user answered")]
    Closed,
    /// A dialog can be asked during a tool call or a command only.
    #[error("a dialog can be asked during a tool call or a command only")]
    NotNow,
    /// It breaks a rule: an empty key, a dialog without a choice.
    #[error("{message}")]
    Invalid {
        /// Which rule.
        message: String,
    },
    /// It is larger than it may be.
    #[error("it has more than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// There is no room for more.
    #[error("{message}")]
    Full {
        /// Of what there is too much: panels, dialogs, prompts that wait, keys.
        message: String,
    },
    /// The value has changed in the meantime.
    #[error("the value has another version: {version}")]
    Conflict {
        /// Its version; 0: it is not there.
        version: u64,
    },
    /// It comes too often.
    #[error("too often; again in {retry_ms} ms")]
    TooOften {
        /// Milliseconds until it may be tried again.
        retry_ms: u64,
    },
    /// Too many extensions stand between the human and this request already.
    #[error("extensions have set each other in motion too often")]
    TooDeep,
    /// The extension has no right to it.
    #[error("{message}")]
    Denied {
        /// Which right is missing.
        message: String,
    },
    /// It failed on the host's side.
    #[error("{message}")]
    Unavailable {
        /// Why.
        message: String,
    },
}

impl RequestError {
    /// A rule that a request breaks.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid { message: message.into() }
    }

    /// A failure of the host.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::Unavailable { message: message.into() }
    }
}
