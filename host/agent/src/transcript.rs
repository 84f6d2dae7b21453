//! The transcript of a session.

use jiff::Timestamp;
use wharf_ports::message::{Body, Message, ToolResult};
use wharf_ports::model::Usage;
use wharf_protocol::tool::ToolOutput;

use crate::answer::Answered;

/// What the model gets to hear of a call that an abort kept from running.
pub(crate) const ABORTED: &str = "aborted";

/// What the model is shown, and what it took so far.
///
/// A model's message and the results of all its tool calls enter it together (at first each result says
/// `aborted`), so that a provider accepts it whenever a run stops.
#[derive(Debug, Clone, Default)]
pub struct Transcript {
    /// Oldest first.
    pub messages: Vec<Message>,
    /// All model calls together.
    pub usage: Usage,
}

impl Transcript {
    pub(crate) fn push(&mut self, body: Body, time: Timestamp) {
        self.messages.push(Message { body, time });
    }

    /// Adds a model's message, and a result for each of its calls that says that it did not run.
    pub(crate) fn push_answer(&mut self, answer: &Answered, time: Timestamp) {
        self.push(Body::Assistant(answer.blocks.clone()), time);
        if answer.requests.is_empty() {
            return;
        }
        let results = answer.requests.iter().map(|request| ToolResult {
            call_id: request.call.id.clone(),
            output: ToolOutput::error(ABORTED),
            ran: None,
        });
        self.push(Body::Tool(results.collect()), time);
    }

    /// Puts a result in the place that [`Self::push_answer`] kept for it.
    pub(crate) fn set_result(&mut self, index: usize, result: ToolResult, time: Timestamp) {
        let Some(message) = self.messages.last_mut() else { return };
        let Body::Tool(results) = &mut message.body else { return };
        if let Some(slot) = results.get_mut(index) {
            *slot = result;
            message.time = time;
        }
    }
}
