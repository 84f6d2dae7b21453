//! JSON mode: every event as one line on standard output, nothing else there; the last line tells how it ended.

use std::collections::BTreeMap;
use std::io::{self, Write};

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
            // The last line tells whether writing failed.
            _ = write(&line);
        }
    }

    fn end(&mut self, outcome: &Outcome, wharf: &Wharf) -> io::Result<()> {
        for refused in &outcome.refused {
            say!("wharf: {}", harmless(&refused.to_string()));
        }
        done(outcome.exit_code(), outcome.word(), wharf.costs())
    }

    fn broken(&mut self, code: u8, message: &str) {
        say!("wharf: {}", harmless(message));
        if let Some(line) = wharf_rpc::zot::render(&AgentEvent::Error { message: message.to_owned() }) {
            // The last line tells whether writing failed.
            _ = write(&line);
        }
        let word = match code {
            2 => "usage",
            3 => "configuration",
            129 | 130 | 143 => "cancelled",
            _ => "failed",
        };
        // What cannot be written cannot be told either.
        _ = done(code, word, BTreeMap::new());
    }
}

fn done(exit: u8, status: &str, extensions: BTreeMap<String, Reading>) -> io::Result<()> {
    let line = Done { exit, extensions, status, kind: "done" };
    write(&serde_json::to_string(&line)?)
}

fn write(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(line.as_bytes())?;
    out.write_all(b"\n")?;
    out.flush()
}
