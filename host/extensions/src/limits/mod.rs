//! Every limit of an extension, in one struct with its units in the types; and what a failure means where nothing is
//! declared.

mod bytes;
mod resources;

use std::time::Duration;

use wharf_protocol::hook::{HookPoint, OnFailure};

pub use bytes::Bytes;
pub use resources::{Budget, ComponentLimits, LogLimits, RestartLimits, StoreLimits, SubprocessLimits};

/// All limits of the extensions of one agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Deadlines of extensions that speak version 1 of the protocol.
    pub version_1: Deadlines,
    /// Deadlines of all others.
    pub standard: Deadlines,
    /// What a component may use up.
    pub component: ComponentLimits,
    /// What a child process may use up of the host.
    pub subprocess: SubprocessLimits,
    /// What an extension may write into its log.
    pub log: LogLimits,
    /// How soon an extension that crashed is started again, and when no more.
    pub restart: RestartLimits,
    /// What it may keep in its store.
    pub store: StoreLimits,
}

impl Limits {
    /// What counts when nobody chose anything else.
    pub const STANDARD: Self = Self {
        version_1: Deadlines::VERSION_1,
        standard: Deadlines::STANDARD,
        component: ComponentLimits::STANDARD,
        subprocess: SubprocessLimits::STANDARD,
        log: LogLimits::STANDARD,
        restart: RestartLimits::STANDARD,
        store: StoreLimits::STANDARD,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::STANDARD
    }
}

/// All interceptors of one decision together, however many there are.
pub const DECISION: Duration = Duration::from_secs(10);
/// How long the first model call waits for extensions that are still starting.
pub const READY_GRACE: Duration = Duration::from_secs(3);
/// How much longer than its deadline a backend may take to give up, before the dispatcher stops waiting for it.
pub const GRACE: Duration = Duration::from_millis(300);
/// How long a dialog stays open when nobody answers it. The deadline of the call that asked stands still meanwhile.
pub const DIALOG: Duration = Duration::from_secs(600);
/// Text of one tool result that the model sees, in bytes.
pub const RESULT_TEXT: Bytes = Bytes::kib(256);

/// Deadlines of one extension, by kind of call; queueing and writing count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// From the start to the registration.
    pub start: Duration,
    /// One tool call.
    pub tool: Duration,
    /// One command.
    pub command: Duration,
    /// One event.
    pub event: Duration,
    /// One `tool_call` hook.
    pub hook_tool_call: Duration,
    /// One `turn_start` hook.
    pub hook_turn_start: Duration,
    /// One `assistant_message` hook.
    pub hook_assistant_message: Duration,
    /// One `prompt` hook.
    pub hook_prompt: Duration,
    /// One `tool_result` hook.
    pub hook_tool_result: Duration,
    /// One `compaction` hook: who writes a summary takes a while.
    pub hook_compaction: Duration,
    /// What an undeclared failure policy means.
    pub undeclared: Undeclared,
}

/// What an undeclared failure policy means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undeclared {
    /// Protocol version 1: every hook is open.
    AllOpen,
    /// `tool_call` and `prompt` closed, the others open.
    GatesClosed,
}

impl Deadlines {
    /// Protocol version 1: what zot's extensions are used to.
    pub const VERSION_1: Self = Self {
        start: Duration::from_secs(10),
        tool: Duration::from_secs(60),
        command: Duration::from_secs(30),
        event: Duration::from_secs(5),
        hook_tool_call: Duration::from_secs(5),
        hook_turn_start: Duration::from_secs(5),
        hook_assistant_message: Duration::from_secs(5),
        hook_prompt: Duration::from_secs(5),
        hook_tool_result: Duration::from_secs(5),
        hook_compaction: Duration::from_secs(5),
        undeclared: Undeclared::AllOpen,
    };

    /// Everything else.
    pub const STANDARD: Self = Self {
        start: Duration::from_secs(5),
        tool: Duration::from_secs(60),
        command: Duration::from_secs(30),
        event: Duration::from_secs(2),
        hook_tool_call: Duration::from_secs(2),
        hook_turn_start: Duration::from_secs(2),
        hook_assistant_message: Duration::from_secs(1),
        hook_prompt: Duration::from_secs(2),
        hook_tool_result: Duration::from_secs(2),
        hook_compaction: Duration::from_secs(10),
        undeclared: Undeclared::GatesClosed,
    };

    /// The deadline of one hook.
    #[must_use]
    pub fn hook(&self, point: HookPoint) -> Duration {
        match point {
            HookPoint::ToolCall => self.hook_tool_call,
            HookPoint::TurnStart => self.hook_turn_start,
            HookPoint::AssistantMessage => self.hook_assistant_message,
            HookPoint::Prompt => self.hook_prompt,
            HookPoint::ToolResult => self.hook_tool_result,
            HookPoint::Compaction => self.hook_compaction,
        }
    }

    /// The failure policy of a hook for which none is declared.
    #[must_use]
    pub fn undeclared_policy(&self, point: HookPoint) -> OnFailure {
        match (self.undeclared, point) {
            (Undeclared::GatesClosed, HookPoint::ToolCall | HookPoint::Prompt) => OnFailure::Closed,
            (Undeclared::GatesClosed | Undeclared::AllOpen, _) => OnFailure::Open,
        }
    }
}
