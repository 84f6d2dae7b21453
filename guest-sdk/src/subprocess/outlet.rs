//! What the extension writes: frames to standard output, log lines to standard error.

use std::cell::{Cell, RefCell};
use std::io::{self, Write};
use std::time::Duration;

use thiserror::Error;
use wharf_protocol::codec::encode_line;
use wharf_protocol::error::EncodeError;
use wharf_protocol::frame::{FromExtension, Notify, RegisterCommand, RegisterTool, Subscribe};
use wharf_protocol::hook::{HookPoint, HookSpec};
use wharf_protocol::notice::{Level, LogLevel};
use wharf_protocol::pattern;
use wharf_protocol::registration::Registration;

/// A frame that did not reach the host.
#[derive(Debug, Error)]
pub(crate) enum SendError {
    /// The host could not have read it; the next one may well pass.
    #[error("a frame was not sent: {0}")]
    Encode(#[from] EncodeError),
    /// The host does not read any more.
    #[error("the host does not read any more: {0}")]
    Write(#[from] io::Error),
}

/// The way to the host.
pub(crate) struct Services {
    output: RefCell<Box<dyn Write>>,
    /// What was registered, since a version 1 host asks about every tool.
    hooks: RefCell<Vec<HookSpec>>,
    broken: Cell<bool>,
}

impl Services {
    pub(crate) fn new(output: impl Write + 'static) -> Self {
        Self { output: RefCell::new(Box::new(output)), hooks: RefCell::default(), broken: Cell::new(false) }
    }

    /// Sends one frame, all of it, at once.
    pub(crate) fn send(&self, frame: &FromExtension) -> Result<(), SendError> {
        let line = encode_line(frame)?;
        let mut output = self.output.borrow_mut();
        output.write_all(&line).and_then(|()| output.flush()).map_err(|error| {
            self.broken.set(true);
            SendError::Write(error)
        })
    }

    /// Sends one frame for which no caller waits: a failure is logged.
    fn tell(&self, frame: &FromExtension) {
        if let Err(error) = self.send(frame) {
            self.log(LogLevel::Error, &error.to_string());
        }
    }

    /// Whether writing has failed: nobody reads, so there is no use in going on.
    pub(crate) fn broken(&self) -> bool {
        self.broken.get()
    }

    /// Whether one of the extension's own `tool_call` hooks is about this tool.
    pub(crate) fn guards(&self, tool: &str) -> bool {
        let hooks = self.hooks.borrow();
        let mut specs = hooks.iter().filter(|hook| hook.on == HookPoint::ToolCall);
        specs.any(|hook| hook.tools.is_empty() || hook.tools.iter().any(|glob| pattern::matches(glob, tool)))
    }

    pub(crate) fn log(&self, level: LogLevel, message: &str) {
        // Where standard error is closed, nobody is left who could be told.
        let _ = writeln!(io::stderr(), "{}: {message}", level.as_str());
    }

    pub(crate) fn notify(&self, level: Level, message: &str) {
        let (level, message) = (level.as_str().to_owned(), message.to_owned());
        self.tell(&FromExtension::Notify(Notify { level, message }));
    }

    pub(crate) fn register(&self, more: Registration) {
        for command in more.commands {
            let (name, description) = (command.name, command.description);
            self.tell(&FromExtension::RegisterCommand(RegisterCommand { name, description }));
        }
        for tool in more.tools {
            self.tell(&FromExtension::RegisterTool(RegisterTool {
                name: tool.name,
                description: tool.description,
                schema: Some(tool.schema),
            }));
        }
        let events: Vec<_> = more.events.iter().map(|topic| topic.as_str().to_owned()).collect();
        let points =
            HookPoint::ALL.into_iter().filter(|point| more.hooks.iter().any(|hook| hook.on == *point));
        let intercept: Vec<_> = points.map(|point| point.as_str().to_owned()).collect();
        self.hooks.borrow_mut().extend(more.hooks);
        if !(events.is_empty() && intercept.is_empty()) {
            self.tell(&FromExtension::Subscribe(Subscribe { events, intercept }));
        }
    }

    /// Version 1 has no frame that would tell.
    pub(crate) fn cancelled(&self) -> bool {
        false
    }

    /// Version 1 names no deadline.
    pub(crate) fn remaining(&self) -> Option<Duration> {
        None
    }
}
