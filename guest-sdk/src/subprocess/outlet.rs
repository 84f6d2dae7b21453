//! What the extension writes: frames to standard output, log lines to standard error.

use std::cell::{Cell, RefCell};
use std::io::{self, Write};
use std::time::{Duration, Instant};

use thiserror::Error;
use wharf_protocol::codec::encode_line;
use wharf_protocol::error::EncodeError;
use wharf_protocol::frame::{
    Context, FromExtension, Notify, PanelClose, PanelRender, Progress, RegisterCommand, RegisterTool,
    RequestFrame, Subscribe,
};
use wharf_protocol::hook::{HookPoint, HookSpec};
use wharf_protocol::notice::{Level, LogLevel};
use wharf_protocol::panel::Panel;
use wharf_protocol::pattern;
use wharf_protocol::registration::Registration;
use wharf_protocol::request::{Reply, Request, RequestError, Scope, Value};
use wharf_protocol::tool::ToolTraits;

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

    /// Whether one of the extension's own hooks at this point is about this tool. From version 2 on the host knows, also
    /// what the manifest says of it.
    pub(crate) fn guards(&self, point: HookPoint, tool: &str) -> bool {
        if self.version.get() >= 2 {
            return true;
        }
        let hooks = self.hooks.borrow();
        let mut specs = hooks.iter().filter(|hook| hook.on == point);
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

    /// There is no frame that would tell what is left out of it.
    #[allow(clippy::unnecessary_wraps, reason = "a component is told")]
    pub(crate) fn register(&self, more: Registration) -> Result<(), RequestError> {
        for command in more.commands {
            let (name, description) = (command.name, command.description);
            self.tell(&FromExtension::RegisterCommand(RegisterCommand { name, description }));
        }
        let version_2 = self.version.get() >= 2;
        for tool in more.tools {
            self.tell(&FromExtension::RegisterTool(RegisterTool {
                name: tool.name,
                description: tool.description,
                schema: Some(tool.schema),
                traits: if version_2 { tool.traits } else { ToolTraits::default() },
                timeout_ms: tool.timeout_ms.filter(|_| version_2),
            }));
        }
        let topics = more.events.iter().filter(|topic| version_2 || topic.is_in_version_1());
        let events: Vec<_> = topics.map(|topic| topic.as_str().to_owned()).collect();
        let mut intercept = Vec::new();
        if version_2 {
            for hook in &more.hooks {
                self.tell(&FromExtension::RegisterHook(hook.clone().into()));
            }
        } else {
            let asked = |point: &HookPoint| more.hooks.iter().any(|hook| hook.on == *point);
            let points = HookPoint::ALL.into_iter().filter(|point| point.is_in_version_1());
            intercept = points.filter(asked).map(|point| point.as_str().to_owned()).collect();
        }
        self.hooks.borrow_mut().extend(more.hooks);
        if !(events.is_empty() && intercept.is_empty()) {
            self.tell(&FromExtension::Subscribe(Subscribe { events, intercept }));
        }
        Ok(())
    }

    pub(crate) fn display(&self, text: &str) -> Result<(), RequestError> {
        self.do_it(Request::Display { text: text.to_owned() })
    }

    pub(crate) fn insert(&self, text: &str) -> Result<(), RequestError> {
        self.do_it(Request::Insert { text: text.to_owned() })
    }

    pub(crate) fn set_status(&self, text: &str) -> Result<(), RequestError> {
        self.do_it(Request::Status { text: text.to_owned() })
    }

    pub(crate) fn submit(&self, text: &str) -> Result<(), RequestError> {
        self.do_it(Request::Submit { text: text.to_owned() })
    }

    pub(crate) fn open_panel(&self, panel: Panel) -> Result<(), RequestError> {
        self.do_it(Request::OpenPanel { panel })
    }

    pub(crate) fn render_panel(&self, panel: Panel) {
        let Panel { id: panel_id, title, lines, footer } = panel;
        self.tell(&FromExtension::PanelRender(PanelRender { panel_id, title, lines, footer }));
    }

    pub(crate) fn close_panel(&self, id: &str) {
        self.tell(&FromExtension::PanelClose(PanelClose { panel_id: id.to_owned() }));
    }

    pub(crate) fn select(&self, title: &str, choices: Vec<String>) -> Result<u32, RequestError> {
        match self.ask(Request::Select { title: title.to_owned(), choices })? {
            Reply::Choice { index } => Ok(index),
            other => Err(unfitting(&other)),
        }
    }

    pub(crate) fn confirm(&self, title: &str, text: &str) -> Result<bool, RequestError> {
        match self.ask(Request::Confirm { title: title.to_owned(), text: text.to_owned() })? {
            Reply::Confirmed { yes } => Ok(yes),
            other => Err(unfitting(&other)),
        }
    }

    pub(crate) fn input(&self, title: &str, text: &str) -> Result<String, RequestError> {
        match self.ask(Request::Input { title: title.to_owned(), text: text.to_owned() })? {
            Reply::Text { text } => Ok(text),
            other => Err(unfitting(&other)),
        }
    }

    pub(crate) fn store_get(&self, scope: Scope, key: &str) -> Result<Option<Value>, RequestError> {
        match self.ask(Request::StoreGet { scope, key: key.to_owned() })? {
            Reply::Value(value) => Ok(Some(value)),
            Reply::Absent => Ok(None),
            other => Err(unfitting(&other)),
        }
    }

    pub(crate) fn store_set(
        &self,
        scope: Scope,
        key: &str,
        value: &str,
        expected: Option<u64>,
    ) -> Result<u64, RequestError> {
        let (key, value) = (key.to_owned(), value.to_owned());
        match self.ask(Request::StoreSet { scope, key, value, expected })? {
            Reply::Stored { version } => Ok(version),
            other => Err(unfitting(&other)),
        }
    }

    pub(crate) fn store_delete(&self, scope: Scope, key: &str) -> Result<(), RequestError> {
        self.do_it(Request::StoreDelete { scope, key: key.to_owned() })
    }

    pub(crate) fn store_keys(
        &self,
        scope: Scope,
        prefix: &str,
        after: &str,
    ) -> Result<Vec<String>, RequestError> {
        let (prefix, after) = (prefix.to_owned(), after.to_owned());
        match self.ask(Request::StoreKeys { scope, prefix, after })? {
            Reply::Keys { keys } => Ok(keys),
            other => Err(unfitting(&other)),
        }
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

    fn do_it(&self, request: Request) -> Result<(), RequestError> {
        match self.ask(request)? {
            Reply::Done => Ok(()),
            other => Err(unfitting(&other)),
        }
    }

    /// Asks the host, and waits for its reply. While the user is asked the call's deadline stands still.
    fn ask(&self, request: Request) -> Result<Reply, RequestError> {
        let is_dialog =
            matches!(request, Request::Select { .. } | Request::Confirm { .. } | Request::Input { .. });
        let asked = Instant::now();
        let answer = self.ask_at_once(request);
        if let Some(deadline) = self.call.borrow_mut().as_mut().and_then(|call| call.deadline.as_mut()) {
            *deadline += if is_dialog { asked.elapsed() } else { Duration::ZERO };
        }
        answer
    }

    fn ask_at_once(&self, request: Request) -> Result<Reply, RequestError> {
        if self.version.get() < 2 {
            return Err(RequestError::unavailable("the host speaks version 1 of the protocol alone"));
        }
        let number = self.requests.get() + 1;
        self.requests.set(number);
        let id = number.to_string();
        let call = self.call.borrow().as_ref().map(|call| call.id.clone()).unwrap_or_default();
        let expected = self.inbox.expect(id.clone());
        let frame = FromExtension::Request(RequestFrame { id, call, request });
        self.send(&frame).map_err(|error| RequestError::unavailable(error.to_string()))?;
        expected.wait()
    }
}

fn unfitting(reply: &Reply) -> RequestError {
    RequestError::unavailable(format!("the host's reply does not fit: {reply:?}"))
}
