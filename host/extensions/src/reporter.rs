//! Tells the user and the log what went wrong with an extension. Nothing is swallowed, nobody waits.

use std::sync::Arc;

use wharf_ports::event::{AgentEvent, EventSink};
use wharf_protocol::id::ExtensionId;
use wharf_protocol::notice::Level;
use wharf_protocol::text::{harmless, harmless_line};
use wharf_protocol::tool::ToolCall;

use crate::error::ExtError;
use crate::inbound::LogSource;
use crate::journal::Journal;

/// Longest notice that the user is shown, in bytes; the rest is cut off.
const NOTICE: usize = 4 << 10;

/// Where faults go: to every face, and into the extension's log.
#[derive(Clone)]
pub struct Reporter {
    events: Arc<dyn EventSink>,
    journal: Arc<Journal>,
}

impl Reporter {
    /// Reports to these.
    #[must_use]
    pub fn new(events: Arc<dyn EventSink>, journal: Arc<Journal>) -> Self {
        Self { events, journal }
    }

    /// A fault of an extension, and what follows from it (`refused`, `let pass`).
    pub fn fault(&self, error: &ExtError, consequence: Option<&str>) {
        let text = match consequence {
            Some(consequence) => format!("{error} → {consequence}"),
            None => error.to_string(),
        };
        self.problem(Some(&error.extension), text);
    }

    /// Something that is wrong with an extension, or with what might have been one.
    pub fn problem(&self, extension: Option<&ExtensionId>, message: String) {
        if let Some(extension) = extension {
            self.journal.write(extension, LogSource::Host, &message);
        }
        let message = harmless_line(&message, NOTICE);
        self.events.emit_now(AgentEvent::ExtFailed { extension: extension.cloned(), message });
    }

    /// An interceptor gave a call other arguments.
    pub fn rewrote(&self, by: &ExtensionId, call: &ToolCall) {
        let (id, args) = (call.id.clone(), call.args.clone());
        self.events.emit_now(AgentEvent::ToolRewritten { id, by: by.clone(), args });
    }

    /// What an extension tells the user.
    pub fn notify(&self, extension: &ExtensionId, level: Level, message: &str) {
        let message = harmless(message.get(..message.floor_char_boundary(NOTICE)).unwrap_or_default());
        self.events.emit_now(AgentEvent::ExtNotify { extension: extension.clone(), level, message });
    }

    /// What an extension shows the user.
    pub fn display(&self, extension: &ExtensionId, text: &str) {
        let (extension, text) = (extension.clone(), harmless(text));
        self.events.emit_now(AgentEvent::ExtDisplay { extension, text, is_outcome: false });
    }

    /// A line for an extension's log.
    pub fn log(&self, extension: &ExtensionId, source: LogSource, text: &str) {
        self.journal.write(extension, source, text);
    }
}
