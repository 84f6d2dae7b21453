//! What extensions ask of the host: the screen, the user, their store. Texts are made harmless here, whichever face draws
//! them; limits are kept here, whichever backend asks.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, ready};
use tokio::sync::oneshot;
use tokio::time::sleep;
use tokio_util::task::AbortOnDropHandle;
use wharf_ports::call::Cause;
use wharf_ports::ui::{NoScreen, Prompts, UserInterface};
use wharf_protocol::id::ExtensionId;
use wharf_protocol::panel::Panel;
use wharf_protocol::request::{Reply, Request, RequestError};
use wharf_protocol::text::{harmless, harmless_line, harmless_styled};

use crate::backend::Asking;
use crate::limits::{DIALOG, StoreLimits};
use crate::ration::Rations;
use crate::reporter::Reporter;
use crate::store::Store;

/// Longest text that is displayed, inserted or submitted, in bytes.
const TEXT: usize = 64 << 10;
/// Longest segment of the status line, title, key or choice, in bytes.
const LINE: usize = 1 << 10;
/// Choices of one dialog.
const CHOICES: usize = 200;
/// Rows of a panel.
const ROWS: usize = 1000;

type Answer = Result<Reply, RequestError>;

/// The desk at which requests are taken.
#[derive(Clone)]
pub struct Requests {
    /// Whoever draws.
    pub ui: Arc<dyn UserInterface>,
    /// Whoever takes prompts up.
    pub prompts: Arc<dyn Prompts>,
    /// What is kept.
    pub store: Arc<Store>,
    /// Where what is displayed goes.
    pub reporter: Reporter,
    lines: Arc<Mutex<Lines>>,
}

/// For each extension, what tells that the last request to its store is done.
type Lines = HashMap<ExtensionId, oneshot::Receiver<()>>;

impl Requests {
    /// The desk of an agent.
    #[must_use]
    pub fn new(
        ui: Arc<dyn UserInterface>,
        prompts: Arc<dyn Prompts>,
        store: Arc<Store>,
        reporter: Reporter,
    ) -> Self {
        Self { ui, prompts, store, reporter, lines: Arc::default() }
    }

    /// The desk of an agent without a screen, that keeps what is to be kept below a directory.
    #[must_use]
    pub fn without_screen(stores: &Path, reporter: Reporter) -> Self {
        let store = Store::new(stores.to_owned(), Path::new(""), String::new(), StoreLimits::STANDARD);
        Self::new(Arc::new(NoScreen), Arc::new(NoScreen), Arc::new(store), reporter)
    }

    /// Takes a request. What can be done at once is done when this returns.
    pub(crate) fn take(
        &self,
        by: &ExtensionId,
        rations: &Rations,
        asking: Option<Asking>,
        request: Request,
    ) -> BoxFuture<'static, Answer> {
        match request {
            Request::Submit { .. }
            | Request::Insert { .. }
            | Request::Display { .. }
            | Request::Status { .. }
            | Request::OpenPanel { .. } => {
                let cause = asking.map(|asking| asking.cause);
                ready(self.at_once(by, rations, cause, request)).boxed()
            }
            Request::Select { .. } | Request::Confirm { .. } | Request::Input { .. } => {
                match dialog(request).and_then(|dialog| Ok((dialog, patient(asking)?))) {
                    Ok((dialog, asking)) => self.ask(by, dialog, asking),
                    Err(error) => ready(Err(error)).boxed(),
                }
            }
            Request::StoreGet { .. } | Request::StoreKeys { .. } => self.keep(by, request),
            Request::StoreSet { .. } | Request::StoreDelete { .. } => match rations.write() {
                Ok(()) => self.keep(by, request),
                Err(error) => ready(Err(error)).boxed(),
            },
        }
    }

    fn at_once(&self, by: &ExtensionId, rations: &Rations, cause: Option<Cause>, request: Request) -> Answer {
        match request {
            Request::Submit { text } => {
                check(&text, "a prompt")?;
                self.prompts.submit(by, text, rations.prompt(cause)?)?;
            }
            Request::Insert { text } => {
                check(&text, "a text")?;
                rations.draw()?;
                self.ui.insert(by, harmless(&text))?;
            }
            Request::Display { text } => {
                check(&text, "a text")?;
                rations.display()?;
                self.reporter.display(by, &text);
            }
            Request::Status { text } => {
                rations.draw()?;
                self.ui.status(by, harmless_line(&text, LINE))?;
            }
            Request::OpenPanel { panel } => {
                rations.draw()?;
                self.ui.open_panel(by, drawable(by, panel)?)?;
            }
            _ => return Err(RequestError::unavailable("that is not done at once")),
        }
        Ok(Reply::Done)
    }

    /// The dialog is open until it is answered, the call is cancelled, time is up, or nobody waits any more.
    fn ask(&self, by: &ExtensionId, dialog: Request, asking: Asking) -> BoxFuture<'static, Answer> {
        let (ui, by, shown) = (self.ui.clone(), by.clone(), dialog.clone());
        let open = async move {
            let _paused = asking.patience.as_ref().map(crate::patience::Patience::pause);
            tokio::select! {
                biased;
                () = asking.cancel.cancelled() => Err(RequestError::Closed),
                answer = ui.ask(&by, shown) => answer,
                () = sleep(DIALOG) => Err(RequestError::Closed),
            }
        };
        let open = AbortOnDropHandle::new(tokio::spawn(open));
        async move {
            let answer = open.await.unwrap_or(Err(RequestError::Closed))?;
            fits(&dialog, &answer)
                .then_some(answer)
                .ok_or_else(|| RequestError::unavailable("the face gave an answer that does not fit"))
        }
        .boxed()
    }

    fn keep(&self, by: &ExtensionId, request: Request) -> BoxFuture<'static, Answer> {
        // What waits must not be large.
        if let Err(error) = self.store.check(&request) {
            return ready(Err(error)).boxed();
        }
        let (store, name) = (self.store.clone(), by.clone());
        // One after the other, in the order in which they came: two writes of one value must not change places, and
        // nobody takes more than one thread.
        let (done, own) = oneshot::channel::<()>();
        let before = lock(&self.lines).insert(by.clone(), own);
        let work = async move {
            if let Some(before) = before {
                // Its sender is dropped when it is done.
                _ = before.await;
            }
            let answer = tokio::task::spawn_blocking(move || answer(&store, &name, request)).await;
            drop(done);
            answer.unwrap_or_else(|error| Err(RequestError::unavailable(error.to_string())))
        };
        // It is done even if nobody waits for it any more.
        let work = tokio::spawn(work);
        async move { work.await.unwrap_or_else(|error| Err(RequestError::unavailable(error.to_string()))) }
            .boxed()
    }

    /// Draws a panel anew; the error says why not.
    pub(crate) fn render_panel(
        &self,
        by: &ExtensionId,
        rations: &Rations,
        panel: Panel,
    ) -> Result<(), String> {
        rations.draw().map_err(|error| error.to_string())?;
        let (id, empty) = (panel.id.clone(), panel.title.is_empty());
        let mut panel = drawable(by, panel).map_err(|error| error.to_string())?;
        if empty {
            panel.title.clear();
        }
        let drawn = self.ui.render_panel(by, panel);
        drawn.then_some(()).ok_or_else(|| not_open(&id))
    }

    /// Closes a panel; the error says why not.
    pub(crate) fn close_panel(&self, by: &ExtensionId, id: &str) -> Result<(), String> {
        self.ui.close_panel(by, id).then_some(()).ok_or_else(|| not_open(id))
    }
}

/// What a store says.
fn answer(store: &Store, by: &ExtensionId, request: Request) -> Answer {
    match request {
        Request::StoreGet { scope, key } => {
            Ok(store.get(by, scope, &key)?.map_or(Reply::Absent, Reply::Value))
        }
        Request::StoreSet { scope, key, value, expected } => {
            Ok(Reply::Stored { version: store.set(by, scope, &key, &value, expected)? })
        }
        Request::StoreDelete { scope, key } => store.delete(by, scope, &key).map(|()| Reply::Done),
        Request::StoreKeys { scope, prefix, after } => {
            Ok(Reply::Keys { keys: store.keys(by, scope, &prefix, &after)? })
        }
        _ => Err(RequestError::unavailable("that is not kept in the store")),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn not_open(id: &str) -> String {
    format!("it has no open panel {:?}", harmless_line(id, LINE))
}

fn patient(asking: Option<Asking>) -> Result<Asking, RequestError> {
    asking.filter(|asking| asking.patience.is_some()).ok_or(RequestError::NotNow)
}

fn check(text: &str, what: &str) -> Result<(), RequestError> {
    if text.trim().is_empty() {
        return Err(RequestError::invalid(format!("{what} must not be empty")));
    }
    if text.len() > TEXT {
        return Err(RequestError::TooLarge { limit: TEXT as u64 });
    }
    Ok(())
}

/// A dialog whose texts a face can show as they are.
fn dialog(request: Request) -> Result<Request, RequestError> {
    let line = |text: &str| harmless_line(text, LINE);
    let paragraph = |text: String| match text.len() > TEXT {
        true => Err(RequestError::TooLarge { limit: TEXT as u64 }),
        false => Ok(harmless(&text)),
    };
    match request {
        Request::Select { choices, .. } if choices.is_empty() || choices.len() > CHOICES => {
            Err(RequestError::invalid(format!("a dialog has 1 to {CHOICES} choices")))
        }
        Request::Select { title, choices } => {
            Ok(Request::Select { title: line(&title), choices: choices.iter().map(|it| line(it)).collect() })
        }
        Request::Confirm { title, text } => {
            Ok(Request::Confirm { title: line(&title), text: paragraph(text)? })
        }
        Request::Input { title, text } => Ok(Request::Input { title: line(&title), text: line(&text) }),
        _ => Err(RequestError::invalid("that is no dialog")),
    }
}

fn fits(dialog: &Request, answer: &Reply) -> bool {
    match (dialog, answer) {
        (Request::Select { choices, .. }, Reply::Choice { index }) => {
            usize::try_from(*index).is_ok_and(|index| index < choices.len())
        }
        (Request::Confirm { .. }, Reply::Confirmed { .. }) | (Request::Input { .. }, Reply::Text { .. }) => {
            true
        }
        _ => false,
    }
}

/// A panel whose rows are rows, and harmless; colours stay.
///
/// # Errors
/// [`RequestError::Invalid`], [`RequestError::TooLarge`].
pub fn drawable(by: &ExtensionId, panel: Panel) -> Result<Panel, RequestError> {
    if panel.id.is_empty() || panel.id.len() > LINE {
        return Err(RequestError::invalid(format!("a panel's id has 1 to {LINE} bytes")));
    }
    if panel.lines.len() > ROWS {
        return Err(RequestError::invalid(format!("a panel has at most {ROWS} rows")));
    }
    let bytes: usize = panel.lines.iter().map(String::len).sum();
    if bytes > TEXT {
        return Err(RequestError::TooLarge { limit: TEXT as u64 });
    }
    let row = |text: &str| harmless_styled(text).replace('\n', "\\u{a}");
    let title = if panel.title.trim().is_empty() { by.as_str() } else { &panel.title };
    let (title, lines) = (harmless_line(title, LINE), panel.lines.iter().map(|line| row(line)).collect());
    let footer = panel.footer.get(..panel.footer.floor_char_boundary(LINE)).map(row).unwrap_or_default();
    Ok(Panel { id: panel.id, title, lines, footer })
}

#[cfg(test)]
mod tests;
