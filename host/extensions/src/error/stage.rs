//! What was being done when it failed.

use std::fmt;

use wharf_protocol::hook::HookPoint;

/// What was being done when it failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// Reading and checking the manifest.
    Manifest,
    /// Starting the child process.
    Spawn,
    /// Reading and compiling the component.
    Compile,
    /// Matching the component's imports and exports with the host's.
    Link,
    /// Making an instance of the component.
    Instantiate,
    /// Waiting for the first frame of a child, or running a component's `init`.
    Start,
    /// Taking in what it registers.
    Register,
    /// Calling a tool.
    Tool(String),
    /// Running a command.
    Command(String),
    /// Asking an interceptor.
    Hook(HookPoint),
    /// Delivering an event.
    Event,
    /// In a call; whoever made it tells which.
    Call,
    /// Between calls.
    Running,
    /// Ending it.
    Stop,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Manifest => f.write_str("manifest"),
            Self::Spawn => f.write_str("spawn"),
            Self::Compile => f.write_str("compile"),
            Self::Link => f.write_str("link"),
            Self::Instantiate => f.write_str("instantiate"),
            Self::Start => f.write_str("start"),
            Self::Register => f.write_str("register"),
            Self::Tool(name) => write!(f, "tool {name}"),
            Self::Command(name) => write!(f, "command /{name}"),
            Self::Hook(point) => write!(f, "hook {point}"),
            Self::Event => f.write_str("event"),
            Self::Call => f.write_str("call"),
            Self::Running => f.write_str("running"),
            Self::Stop => f.write_str("stop"),
        }
    }
}
