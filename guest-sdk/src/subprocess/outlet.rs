//! What the extension writes: frames to standard output, log lines to standard error.

mod registration;
mod requests;

use std::cell::{Cell, RefCell};
use std::io::{self, Write};
use std::time::{Duration, Instant};

use thiserror::Error;
use wharf_protocol::codec::encode_line;
use wharf_protocol::error::EncodeError;
use wharf_protocol::frame::{Context, FromExtension, Notify, PanelClose, PanelRender, Progress};
use wharf_protocol::hook::HookSpec;
use wharf_protocol::notice::{Level, LogLevel};
use wharf_protocol::panel::Panel;

use super::inbox::Inbox;

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
    inbox: Inbox,
    /// What was registered, since a version 1 host asks about every tool.
    hooks: RefCell<Vec<HookSpec>>,
    broken: Cell<bool>,
    version: Cell<u32>,
    requests: Cell<u64>,
    /// The call in progress.
    call: RefCell<Option<CallInProgress>>,
}

/// The call in progress.
struct CallInProgress {
    id: String,
    /// None: the host does not tell.
    deadline: Option<Instant>,
}

impl Services {
    pub(crate) fn new(output: impl Write + 'static) -> Self {
        Self {
            output: RefCell::new(Box::new(output)),
            inbox: Inbox::default(),
            hooks: RefCell::default(),
            broken: Cell::new(false),
            version: Cell::new(1),
            requests: Cell::new(0),
            call: RefCell::default(),
        }
    }

    pub(super) fn inbox(&self) -> &Inbox {
        &self.inbox
    }

    /// What the host answered to `hello`.
    pub(super) fn speaks(&self, version: u32) {
        self.version.set(version);
    }

    /// A call begins.
    pub(super) fn begin(&self, id: &str, context: Option<Context>) {
        let deadline =
            context.map(|context| Instant::now() + Duration::from_millis(u64::from(context.budget_ms)));
        *self.call.borrow_mut() = Some(CallInProgress { id: id.to_owned(), deadline });
    }

    /// The call has ended.
    pub(super) fn end(&self) {
        if let Some(call) = self.call.borrow_mut().take() {
            self.inbox.answered(&call.id);
        }
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

    pub(crate) fn log(&self, level: LogLevel, message: &str) {
        // Where standard error is closed, nobody is left who could be told.
        let _ = writeln!(io::stderr(), "{}: {message}", level.as_str());
    }

    pub(crate) fn notify(&self, level: Level, message: &str) {
        let (level, message) = (level.as_str().to_owned(), message.to_owned());
        self.tell(&FromExtension::Notify(Notify { level, message }));
    }

    pub(crate) fn render_panel(&self, panel: Panel) {
        let Panel { id: panel_id, title, lines, footer } = panel;
        self.tell(&FromExtension::PanelRender(PanelRender { panel_id, title, lines, footer }));
    }

    pub(crate) fn close_panel(&self, id: &str) {
        self.tell(&FromExtension::PanelClose(PanelClose { panel_id: id.to_owned() }));
    }

    /// Version 1 has no frame for it.
    pub(crate) fn progress(&self, text: &str) {
        let call = self.call.borrow();
        if let Some(call) = call.as_ref().filter(|_| self.version.get() >= 2) {
            self.tell(&FromExtension::Progress(Progress { id: call.id.clone(), text: text.to_owned() }));
        }
    }

    /// Version 1 has no frame that would tell.
    pub(crate) fn cancelled(&self) -> bool {
        self.call.borrow().as_ref().is_some_and(|call| self.inbox.is_cancelled(&call.id))
    }

    /// Version 1 names no deadline.
    pub(crate) fn remaining(&self) -> Option<Duration> {
        let deadline = self.call.borrow().as_ref()?.deadline?;
        Some(deadline.saturating_duration_since(Instant::now()))
    }
}
