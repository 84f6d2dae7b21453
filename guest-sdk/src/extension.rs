//! What an extension implements.

use wharf_protocol::command::CommandResult;
use wharf_protocol::event::Event;
use wharf_protocol::hook::{
    Compaction, CompactionVerdict, MessageVerdict, Prompt, PromptVerdict, ResultVerdict, ToolReport,
    ToolVerdict, TurnVerdict,
};
use wharf_protocol::registration::{Registration, Start};
use wharf_protocol::tool::{ToolCall, ToolOutput};

use crate::host::Host;

/// An extension. Only what [`registration`](Self::registration) names is ever called; calls come one at a time.
///
/// A panic in a subprocess becomes an error answer (a hook on a tool call or a turn refuses) and the process goes on.
/// In a component it is a trap: the host drops the instance, and what it kept in memory is lost.
pub trait Extension: Sized + 'static {
    /// The name, equal to the manifest's.
    const NAME: &'static str;
    /// The version, equal to the manifest's.
    const VERSION: &'static str;

    /// Begins. Should be quick: the host waits for it before the first model call.
    ///
    /// # Errors
    /// A text keeps the extension out and is shown to the user.
    fn start(start: &Start, host: &Host) -> Result<Self, String>;

    /// What the extension offers, asked once after the start. [`Host::register`] adds more later.
    fn registration(&self) -> Registration;

    /// Runs a tool. That it failed is an answer for the model too: [`ToolOutput::error`].
    fn tool(&mut self, call: &ToolCall, _host: &Host) -> ToolOutput {
        ToolOutput::error(format!("unknown tool {:?}", call.name))
    }

    /// Runs a slash command; `args` is the text behind its name, trimmed.
    ///
    /// # Errors
    /// A text is shown to the user.
    fn command(&mut self, name: &str, _args: &str, _host: &Host) -> CommandResult {
        Err(format!("unknown command {name:?}"))
    }

    /// Is told what happened. Keys and the closing of its own panels come here too, without a subscription.
    fn event(&mut self, _event: &Event, _host: &Host) {}

    /// Decides on a tool call before it runs.
    fn on_tool_call(&mut self, _call: &ToolCall, _host: &Host) -> ToolVerdict {
        ToolVerdict::Pass
    }

    /// Decides on a model call before it starts; `step` counts from 1 for each prompt.
    fn on_turn_start(&mut self, _step: u32, _host: &Host) -> TurnVerdict {
        TurnVerdict::Pass
    }

    /// Decides how the model's message is shown.
    fn on_assistant_message(&mut self, _text: &str, _host: &Host) -> MessageVerdict {
        MessageVerdict::Pass
    }

    /// Decides on a prompt before it is taken up.
    fn on_prompt(&mut self, _prompt: &Prompt, _host: &Host) -> PromptVerdict {
        PromptVerdict::Pass
    }

    /// Decides what the model sees of a tool's result.
    fn on_tool_result(&mut self, _report: &ToolReport, _host: &Host) -> ResultVerdict {
        ResultVerdict::Pass
    }

    /// Decides on making the conversation shorter.
    fn on_compaction(&mut self, _compaction: &Compaction, _host: &Host) -> CompactionVerdict {
        CompactionVerdict::Pass
    }

    /// Ends: the last chance to write something down, about a second.
    fn stop(&mut self, _host: &Host) {}
}
