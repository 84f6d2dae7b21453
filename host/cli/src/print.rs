//! Print mode: only the final text on standard output, everything else on standard error.

use std::io::{IsTerminal, Write};

use wharf_runtime::ports::event::AgentEvent;
use wharf_runtime::{Outcome, Wharf};

use crate::session::Face;
use wharf_runtime::harmless;

/// Shows what a person at a terminal, or a script, wants of one answer.
pub(crate) struct Print;

impl Face for Print {
    fn event(&mut self, event: &AgentEvent) {
        match event {
            AgentEvent::ExtNotify { extension, level, message } => {
                for line in message.lines() {
                    eprintln!("[{extension}] {level}: {}", harmless(line));
                }
            }
            AgentEvent::ExtFailed { message, .. } => eprintln!("wharf: {}", harmless(message)),
            AgentEvent::MessageHidden { by, reason } => {
                eprintln!("wharf: extension \"{by}\" hid a message: {}", harmless(reason));
            }
            _ => {}
        }
    }

    fn end(&mut self, outcome: &Outcome, _wharf: &Wharf) {
        if !outcome.text.is_empty() {
            let mut out = std::io::stdout();
            // A program gets the text as it is; a terminal must not be steered by it.
            let text = if out.is_terminal() { harmless(&outcome.text) } else { outcome.text.clone() };
            // Whoever reads may have gone; then there is nobody to tell.
            _ = writeln!(out, "{}", text.trim_end_matches('\n'));
        }
        if let Some(error) = outcome.error() {
            eprintln!("wharf: {}", harmless(error));
        }
        for tool in &outcome.refused {
            eprintln!(
                "wharf: a call of {tool} was refused: it needs approval; --approve auto would allow it"
            );
        }
    }

    fn broken(&mut self, _code: u8, message: &str) {
        eprintln!("wharf: {}", harmless(message));
    }
}
