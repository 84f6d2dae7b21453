//! Requests: what the extension asks of the host, and waits for.

use std::time::{Duration, Instant};

use wharf_protocol::frame::{FromExtension, RequestFrame};
use wharf_protocol::panel::Panel;
use wharf_protocol::request::{Reply, Request, RequestError, Scope, Value};

use super::Services;

impl Services {
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
