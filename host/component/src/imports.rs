//! The host's side of `wharf:extension`. None of these triggers a hook, so nothing that a guest calls can lead back into
//! a guest. Those that wait, wait for the user or the disk, and end with the call.

use wharf_extensions::inbound::LogSource;
use wharf_protocol::request::{Reply, Request, RequestError};

use crate::bindings::wharf::extension::types::RequestError as WitError;
use crate::bindings::wharf::extension::{agent, current_call, dialogs, log, registry, store, types, ui};
use crate::convert;
use crate::guest::Guest;

/// What a request came to, for a guest; the outer error ends the instance.
type Given<T> = wasmtime::Result<Result<T, WitError>>;

impl Guest {
    /// Has a request done that does not wait.
    fn at_once(&mut self, request: Request) -> Given<()> {
        let asking = self.call.asking();
        let mut done = self.inbound.request(asking, request);
        let polled = done.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop()));
        Ok(match polled {
            std::task::Poll::Ready(result) => result.map(|_| ()).map_err(convert::request_error),
            std::task::Poll::Pending => {
                Err(WitError::Unavailable("the host did not answer at once".to_owned()))
            }
        })
    }

    /// Has a request done, and waits for it.
    async fn wait_for<T>(&mut self, request: Request, read: impl FnOnce(Reply) -> Option<T>) -> Given<T> {
        let asking = self.call.asking();
        let result = self.inbound.request(asking, request).await.and_then(|reply| {
            read(reply).ok_or_else(|| RequestError::unavailable("the host's answer does not fit"))
        });
        Ok(result.map_err(convert::request_error))
    }
}

impl types::Host for Guest {}

impl log::Host for Guest {
    fn write(&mut self, level: log::Level, message: String) -> wasmtime::Result<()> {
        self.inbound.log(LogSource::Guest(convert::log_level(level)), &message);
        Ok(())
    }
}

impl ui::Host for Guest {
    fn notify(&mut self, level: ui::Level, message: String) -> wasmtime::Result<()> {
        self.inbound.notify(convert::level(level), &message);
        Ok(())
    }

    fn display(&mut self, text: String) -> Given<()> {
        self.at_once(Request::Display { text })
    }

    fn insert(&mut self, text: String) -> Given<()> {
        self.at_once(Request::Insert { text })
    }

    fn set_status(&mut self, text: String) -> Given<()> {
        self.at_once(Request::Status { text })
    }

    fn open_panel(&mut self, panel: types::Panel) -> Given<()> {
        self.at_once(Request::OpenPanel { panel: convert::panel(panel) })
    }

    fn render_panel(&mut self, panel: types::Panel) -> wasmtime::Result<()> {
        self.inbound.render_panel(convert::panel(panel));
        Ok(())
    }

    fn close_panel(&mut self, id: String) -> wasmtime::Result<()> {
        self.inbound.close_panel(&id);
        Ok(())
    }
}

impl agent::Host for Guest {
    fn submit(&mut self, text: String) -> Given<()> {
        self.at_once(Request::Submit { text })
    }
}

impl dialogs::Host for Guest {
    async fn select(&mut self, title: String, choices: Vec<String>) -> Given<u32> {
        let read = |reply| if let Reply::Choice { index } = reply { Some(index) } else { None };
        self.wait_for(Request::Select { title, choices }, read).await
    }

    async fn confirm(&mut self, title: String, text: String) -> Given<bool> {
        let read = |reply| if let Reply::Confirmed { yes } = reply { Some(yes) } else { None };
        self.wait_for(Request::Confirm { title, text }, read).await
    }

    async fn input(&mut self, title: String, text: String) -> Given<String> {
        let read = |reply| if let Reply::Text { text } = reply { Some(text) } else { None };
        self.wait_for(Request::Input { title, text }, read).await
    }
}

impl store::Host for Guest {
    async fn get(&mut self, scope: store::Scope, key: String) -> Given<Option<store::Entry>> {
        let read = |reply| match reply {
            Reply::Value(found) => Some(Some(store::Entry { value: found.value, version: found.version })),
            Reply::Absent => Some(None),
            _ => None,
        };
        self.wait_for(Request::StoreGet { scope: convert::scope(scope), key }, read).await
    }

    async fn set(
        &mut self,
        scope: store::Scope,
        key: String,
        value: String,
        expected: Option<u64>,
    ) -> Given<u64> {
        let read = |reply| if let Reply::Stored { version } = reply { Some(version) } else { None };
        let request = Request::StoreSet { scope: convert::scope(scope), key, value, expected };
        self.wait_for(request, read).await
    }

    async fn delete(&mut self, scope: store::Scope, key: String) -> Given<()> {
        let read = |reply| matches!(reply, Reply::Done).then_some(());
        self.wait_for(Request::StoreDelete { scope: convert::scope(scope), key }, read).await
    }

    async fn keys(&mut self, scope: store::Scope, prefix: String, after: String) -> Given<Vec<String>> {
        let read = |reply| if let Reply::Keys { keys } = reply { Some(keys) } else { None };
        let request = Request::StoreKeys { scope: convert::scope(scope), prefix, after };
        self.wait_for(request, read).await
    }
}

impl registry::Host for Guest {
    fn register(&mut self, more: types::Registration) -> Given<()> {
        let left_out = match convert::registration(more) {
            Ok((registration, mut unknown)) => {
                for line in &unknown {
                    self.inbound.log(LogSource::Host, line);
                }
                unknown.extend(self.inbound.register(registration));
                unknown
            }
            Err(problem) => {
                self.inbound.log(LogSource::Host, &format!("registration refused: {problem}"));
                vec![problem]
            }
        };
        Ok(match left_out.as_slice() {
            [] => Ok(()),
            lines => Err(WitError::Invalid(lines.join("\n"))),
        })
    }
}

impl current_call::Host for Guest {
    fn cancelled(&mut self) -> wasmtime::Result<bool> {
        Ok(self.call.is_over())
    }

    fn remaining_ms(&mut self) -> wasmtime::Result<u32> {
        Ok(u32::try_from(self.call.remaining().as_millis()).unwrap_or(u32::MAX))
    }

    fn progress(&mut self, text: String) -> wasmtime::Result<()> {
        self.call.progress(&text);
        Ok(())
    }
}
