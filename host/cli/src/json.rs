//! JSON mode: every event as one line on standard output, nothing else there; the last line tells how it ended.

use std::collections::BTreeMap;
use std::io::Write;

use serde::Serialize;
use wharf_runtime::extensions::Reading;
use wharf_runtime::ports::event::AgentEvent;
use wharf_runtime::{Outcome, Wharf};

use crate::session::Face;
use wharf_runtime::harmless;

/// Writes the lines.
pub(crate) struct Json;

/// The last line. Keys in alphabetical order.
#[derive(Serialize)]
struct Done<'a> {
    exit: u8,
    extensions: BTreeMap<String, Reading>,
    status: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
}

impl Face for Json {
    fn event(&mut self, event: &AgentEvent) {
        // The end is told once, with the exit code.
        if !matches!(event, AgentEvent::Done)
            && let Some(line) = wharf_rpc::zot::render(event)
        {
            write(&line);
        }
    }

    fn end(&mut self, outcome: &Outcome, wharf: &Wharf) {
        for tool in &outcome.refused {
            eprintln!(
                "wharf: a call of {tool} was refused: it needs approval; --approve auto would allow it"
            );
        }
        done(outcome.exit_code(), outcome.word(), wharf.costs());
    }

    fn broken(&mut self, code: u8, message: &str) {
        eprintln!("wharf: {}", harmless(message));
        if let Some(line) = wharf_rpc::zot::render(&AgentEvent::Error { message: message.to_owned() }) {
            write(&line);
        }
        let word = match code {
            2 => "usage",
            3 => "configuration",
            129 | 130 | 143 => "cancelled",
            _ => "failed",
        };
        done(code, word, BTreeMap::new());
    }
}

fn done(exit: u8, status: &str, extensions: BTreeMap<String, Reading>) {
    let line = Done { exit, extensions, status, kind: "done" };
    match serde_json::to_string(&line) {
        Ok(line) => write(&line),
        Err(error) => eprintln!("wharf: the last line cannot be written: {error}"),
    }
}

fn write(line: &str) {
    let mut out = std::io::stdout().lock();
    // Whoever reads may have gone; then there is nobody to tell.
    _ = out.write_all(line.as_bytes()).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush());
}
