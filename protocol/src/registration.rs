//! How an extension introduces itself, and what it is told when it starts.

use serde::{Deserialize, Serialize};

use crate::command::CommandSpec;
use crate::event::Topic;
use crate::hook::HookSpec;
use crate::tool::ToolSpec;

/// Everything that an extension registers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Registration {
    /// Tools for the model.
    pub tools: Vec<ToolSpec>,
    /// Slash commands for the user.
    pub commands: Vec<CommandSpec>,
    /// Events it wants to see.
    pub events: Vec<Topic>,
    /// Points at which it wants to be asked.
    pub hooks: Vec<HookSpec>,
}

impl Registration {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a tool.
    #[must_use]
    pub fn tool(mut self, tool: ToolSpec) -> Self {
        self.tools.push(tool);
        self
    }

    /// Adds a command.
    #[must_use]
    pub fn command(mut self, command: CommandSpec) -> Self {
        self.commands.push(command);
        self
    }

    /// Adds events to be told of.
    #[must_use]
    pub fn events(mut self, topics: impl IntoIterator<Item = Topic>) -> Self {
        self.events.extend(topics);
        self
    }

    /// Adds a hook.
    #[must_use]
    pub fn hook(mut self, hook: HookSpec) -> Self {
        self.hooks.push(hook);
        self
    }
}

/// Why an extension is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    /// It is its first start in this run.
    #[default]
    First,
    /// It was lost, and is started again: what it kept in memory is gone.
    Recovered,
    /// It takes the place of another version, or of itself.
    Reloaded,
    /// For a reason that a later version knows.
    Other,
}

impl Occasion {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Recovered => "recovered",
            Self::Reloaded => "reloaded",
            Self::Other => "other",
        }
    }

    /// Reads the word; none is a first start, as in version 1, and one that is not known is [`Occasion::Other`].
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        match word {
            "" => Self::First,
            word => [Self::First, Self::Recovered, Self::Reloaded]
                .into_iter()
                .find(|occasion| occasion.as_str() == word)
                .unwrap_or(Self::Other),
        }
    }
}

/// What an extension is told when it starts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Start {
    /// The host's version.
    pub host_version: String,
    /// The model provider, as of now.
    pub provider: String,
    /// The model, as of now.
    pub model: String,
    /// The directory that the agent works in.
    pub cwd: String,
    /// A directory that the extension may write to, as the extension sees its path; none if it was given none.
    pub data_dir: Option<String>,
    /// Why it is started. Under a host that speaks version 1 of the subprocess protocol it is always the first time.
    pub occasion: Occasion,
    /// How it was lost, if that is why.
    pub loss: Option<String>,
}
