//! The one vocabulary of what happens in an agent. JSON mode and every RPC dialect are renderings of it.

use async_trait::async_trait;
use jiff::Timestamp;
use wharf_protocol::content::Content;
use wharf_protocol::event::{Stop, Switch};
use wharf_protocol::id::ExtensionId;
use wharf_protocol::json::Json;
use wharf_protocol::notice::Level;
use wharf_protocol::panel::Panel;
use wharf_protocol::request::Request;
use wharf_protocol::tool::ToolOutput;

use crate::message::AssistantBlock;
use crate::model::Usage;

/// Something that a face may want to show.
#[derive(Debug, Clone, PartialEq)]
pub enum AgentEvent {
    /// A prompt was taken up.
    UserMessage {
        /// What the user said.
        content: Vec<Content>,
        /// When.
        time: Timestamp,
    },
    /// A model call is about to start.
    TurnStart {
        /// Counts from 1 for each prompt.
        step: u32,
    },
    /// The model begins to answer.
    AssistantStart,
    /// More text.
    TextDelta(String),
    /// More reasoning.
    ThinkingDelta(String),
    /// The model begins to compose a tool call.
    ToolUseStart {
        /// The call's id.
        id: String,
        /// The tool.
        name: String,
    },
    /// More of the call's arguments.
    ToolUseArgs {
        /// The call's id.
        id: String,
        /// A fragment of JSON text.
        delta: String,
    },
    /// The tool call is composed.
    ToolUseEnd {
        /// The call's id.
        id: String,
    },
    /// What the model call took.
    Usage {
        /// This call.
        call: Usage,
        /// The whole session.
        total: Usage,
    },
    /// The model's message is complete, as interceptors let it be shown.
    AssistantMessage {
        /// The blocks to show.
        blocks: Vec<AssistantBlock>,
        /// When.
        time: Timestamp,
        /// Whether an interceptor replaced the text: then what was streamed is not to stay on the screen.
        replaced: bool,
    },
    /// An interceptor hid the model's message.
    MessageHidden {
        /// Which one.
        by: ExtensionId,
        /// Why.
        reason: String,
    },
    /// The model asked for a tool.
    ToolCall {
        /// The call's id.
        id: String,
        /// The tool.
        name: String,
        /// The arguments as the model wrote them.
        args: Json,
    },
    /// A model call ended; its tools run next.
    TurnEnd {
        /// Why.
        stop: Option<Stop>,
        /// The error, if there was one.
        error: Option<String>,
    },
    /// Output of a tool that is still running.
    ToolProgress {
        /// The call's id.
        id: String,
        /// The piece.
        text: String,
    },
    /// An interceptor gave a call other arguments; the next one and the tool see these.
    ToolRewritten {
        /// The call's id.
        id: String,
        /// Which one.
        by: ExtensionId,
        /// The new arguments.
        args: Json,
    },
    /// A tool's result, as the model sees it.
    ToolResult {
        /// The call's id.
        id: String,
        /// The result.
        output: ToolOutput,
        /// The arguments that ran, where an interceptor rewrote them.
        ran: Option<Json>,
    },
    /// The run failed.
    Error {
        /// Why, in words.
        message: String,
    },
    /// The prompt is done, one way or the other.
    Done,
    /// An extension tells the user something.
    ExtNotify {
        /// Which one.
        extension: ExtensionId,
        /// How loud.
        level: Level,
        /// What.
        message: String,
    },
    /// An extension shows something.
    ExtDisplay {
        /// Which one.
        extension: ExtensionId,
        /// What.
        text: String,
        /// It is the outcome of the prompt, which a face that shows outcomes need not show twice.
        is_outcome: bool,
    },
    /// An extension puts text into the editor, without submitting it.
    ExtInsert {
        /// Which one.
        extension: ExtensionId,
        /// What.
        text: String,
    },
    /// An extension's segment of the status line.
    ExtStatus {
        /// Which one.
        extension: ExtensionId,
        /// What; empty: none.
        text: String,
    },
    /// An extension's panel is open, and looks like this from now on.
    ExtPanel {
        /// Which one.
        extension: ExtensionId,
        /// The panel; its title is never empty.
        panel: Panel,
    },
    /// An extension's panel is closed.
    ExtPanelClosed {
        /// Which one.
        extension: ExtensionId,
        /// The panel's id.
        id: String,
    },
    /// An extension asks the user something, and waits for the answer.
    ExtDialog {
        /// Which one.
        extension: ExtensionId,
        /// Names the dialog in the answer.
        id: u64,
        /// [`Request::Select`], [`Request::Confirm`] or [`Request::Input`].
        dialog: Request,
    },
    /// A dialog was closed: it is answered, or nobody waits for the answer any more.
    ExtDialogClosed {
        /// Which one.
        id: u64,
    },
    /// The conversation was made shorter: a summary stands for what was before.
    Compacted {
        /// The summary.
        summary: String,
        /// The extension that wrote it; none: the model did.
        by: Option<ExtensionId>,
        /// How many messages it stands for.
        messages: u32,
    },
    /// Another model answers from now on.
    ModelChange {
        /// The model provider.
        provider: String,
        /// The model.
        model: String,
    },
    /// The conversation begins anew.
    SessionSwitch {
        /// How.
        reason: Switch,
    },
    /// Extensions were loaded, or loaded anew, or let go of, while the agent ran.
    ExtReloaded {
        /// Those that were loaded.
        loaded: Vec<String>,
        /// Those that were stopped; one that was replaced is in both lists.
        stopped: Vec<String>,
        /// What could not be loaded: why, and what to do next.
        errors: Vec<String>,
    },
    /// A built-in command shows something.
    Display {
        /// What.
        text: String,
    },
    /// The agent tells the user something.
    Notice {
        /// How loud.
        level: Level,
        /// What.
        message: String,
    },
    /// Something went wrong with an extension; the agent goes on.
    ExtFailed {
        /// Which one, where there is one already.
        extension: Option<ExtensionId>,
        /// Which stage, what cause, what to do next.
        message: String,
    },
}

/// Where the agent loop sends its events.
#[async_trait]
pub trait EventSink: Send + Sync {
    /// Takes an event, in order. Waits, within a bound, for a face that is slow to read.
    async fn emit(&self, event: AgentEvent);

    /// Takes an event at once, or counts it as lost when the receiver is full. For progress and notices.
    fn emit_now(&self, event: AgentEvent);
}
