//! Print mode: only the final text on standard output, everything else on standard error.

use std::collections::HashMap;
use std::io::{self, IsTerminal, Write};

use wharf_runtime::ports::event::AgentEvent;
use wharf_runtime::{Outcome, Wharf};

use crate::session::Face;
use wharf_runtime::{harmless, harmless_line};

/// Longest message on standard error, in bytes; the rest is cut off.
const MESSAGE: usize = 4096;
/// Longest line of what a tool puts out, and longest name of a tool, in bytes.
const PROGRESS: usize = 200;
const NAME: usize = 64;

/// Shows what a person at a terminal, or a script, wants of one answer.
pub(crate) struct Print {
    /// Whether what a tool puts out while it runs is shown.
    shows_progress: bool,
    /// The tools that are running, by the ids of their calls.
    running: HashMap<String, String>,
}

impl Print {
    /// For whoever asked: what tools put out is for people, not for scripts.
    pub(crate) fn new() -> Self {
        Self { shows_progress: io::stderr().is_terminal(), running: HashMap::new() }
    }

    /// For an author, who wants to see everything.
    pub(crate) fn for_author() -> Self {
        Self { shows_progress: true, running: HashMap::new() }
    }

    /// One line of each piece, the last that says something.
    fn progress(&self, call: &str, text: &str) {
        let line = text.lines().map(str::trim).rfind(|line| !line.is_empty());
        if let (true, Some(line)) = (self.shows_progress, line) {
            let tool = self.running.get(call).map_or("a tool", String::as_str);
            say!("{}: {}", harmless_line(tool, NAME), harmless_line(line, PROGRESS));
        }
    }
}

impl Face for Print {
    fn event(&mut self, event: &AgentEvent) {
        match event {
            AgentEvent::ToolCall { id, name, .. } => _ = self.running.insert(id.clone(), name.clone()),
            AgentEvent::ToolResult { id, .. } => _ = self.running.remove(id),
            AgentEvent::ToolProgress { id, text } => self.progress(id, text),
            AgentEvent::ExtNotify { extension, level, message } => {
                for line in message.lines() {
                    say!("[{extension}] {level}: {}", harmless_line(line, MESSAGE));
                }
            }
            AgentEvent::ExtDisplay { extension, text, is_outcome: false } => {
                for line in text.lines() {
                    say!("[{extension}] {}", harmless_line(line, MESSAGE));
                }
            }
            AgentEvent::ExtFailed { message, .. } => say!("wharf: {}", harmless_line(message, MESSAGE)),
            AgentEvent::Notice { message, .. } => say!("wharf: {}", harmless_line(message, MESSAGE)),
            AgentEvent::MessageHidden { by, reason } => {
                say!("wharf: extension \"{by}\" hid a message: {}", harmless_line(reason, MESSAGE));
            }
            _ => {}
        }
    }

    fn end(&mut self, outcome: &Outcome, _wharf: &Wharf) -> io::Result<()> {
        let mut written = Ok(());
        if !outcome.text.is_empty() {
            let mut out = std::io::stdout();
            // A program gets the text as it is; a terminal must not be steered by it.
            let text = if out.is_terminal() { harmless(&outcome.text) } else { outcome.text.clone() };
            written = writeln!(out, "{}", text.trim_end_matches('\n'));
        }
        if let Some(error) = outcome.error() {
            say!("wharf: {}", harmless_line(error, MESSAGE));
        }
        for refused in &outcome.refused {
            say!("wharf: {}", harmless_line(&refused.to_string(), MESSAGE));
        }
        written
    }

    fn broken(&mut self, _code: u8, message: &str) {
        say!("wharf: {}", harmless_line(message, MESSAGE));
    }
}
