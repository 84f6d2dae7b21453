//! Slash commands.

use serde::{Deserialize, Serialize};

use crate::panel::Panel;

/// What an extension says about a command when it registers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandSpec {
    /// The name, without the slash.
    pub name: String,
    /// Shown in the list of commands.
    #[serde(default)]
    pub description: String,
}

impl CommandSpec {
    /// A command with a description.
    pub fn new(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self { name: name.into(), description: description.into() }
    }
}

/// What is to happen after a command ran. That it failed is the `Err` of [`CommandResult`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing.
    Noop,
    /// Start a turn with this text.
    Prompt(String),
    /// Put this text into the editor, without submitting it.
    Insert(String),
    /// Show this text to the user; the model does not see it.
    Display(String),
    /// Open a panel.
    OpenPanel(Panel),
}

/// A command's outcome, or the text of its error.
pub type CommandResult = Result<Outcome, String>;
