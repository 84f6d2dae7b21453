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
use wharf_protocol::text::harmless_line;

use crate::backend::Asking;
use crate::footing::Footing;
use crate::limits::{DIALOG, StoreLimits};
use crate::ration::Rations;
use crate::reporter::Reporter;
use crate::store::Store;

mod dialog;
mod drawing;
mod keeping;

use dialog::{dialog, fits};
pub(crate) use drawing::Drawing;
pub use drawing::drawable;

/// Longest text that is displayed, inserted or submitted, in bytes.
const TEXT: usize = 64 << 10;
/// Longest segment of the status line, title, key or choice, in bytes.
const LINE: usize = 1 << 10;

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

/// What one instance may use up and where it may draw.
pub(crate) struct Means<'a> {
    pub(crate) rations: &'a Rations,
    pub(crate) footing: &'a Footing,
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
        means: &Means<'_>,
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
                ready(self.at_once(by, means, cause, request)).boxed()
            }
            Request::Select { .. } | Request::Confirm { .. } | Request::Input { .. } => {
                match dialog(request).and_then(|dialog| Ok((dialog, patient(asking)?))) {
                    Ok((dialog, asking)) => self.ask(by, dialog, asking),
                    Err(error) => ready(Err(error)).boxed(),
                }
            }
            Request::StoreGet { .. } | Request::StoreKeys { .. } => self.keep(by, request),
            Request::StoreSet { .. } | Request::StoreDelete { .. } => match means.rations.write() {
                Ok(()) => self.keep(by, request),
                Err(error) => ready(Err(error)).boxed(),
            },
        }
    }

    fn at_once(&self, by: &ExtensionId, means: &Means<'_>, cause: Option<Cause>, request: Request) -> Answer {
        let drawing = Drawing::of(by, means.rations, cause, request)?;
        means.footing.take(drawing, self.ui.is_present(), |drawing| self.carry_out(by, drawing))?;
        Ok(Reply::Done)
    }

    /// Does what was held against the rules already.
    pub(crate) fn carry_out(&self, by: &ExtensionId, drawing: Drawing) -> Result<(), RequestError> {
        match drawing {
            Drawing::Submit(text, cause) => self.prompts.submit(by, text, cause),
            Drawing::Insert(text) => self.ui.insert(by, text),
            Drawing::Display(text) => {
                self.reporter.display(by, &text);
                Ok(())
            }
            Drawing::Status(text) => self.ui.status(by, text),
            Drawing::OpenPanel(panel) => self.ui.open_panel(by, panel),
            Drawing::RenderPanel(panel) => {
                let id = panel.id.clone();
                self.ui.render_panel(by, panel).then_some(()).ok_or_else(|| not_open(&id))
            }
            Drawing::ClosePanel(id) => {
                self.ui.close_panel(by, &id).then_some(()).ok_or_else(|| not_open(&id))
            }
        }
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
        let Some(owner) = keeping::scope(&request).map(|scope| self.store.owner(scope)) else {
            return ready(Err(RequestError::unavailable("that is not kept in the store"))).boxed();
        };
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
            let answer =
                tokio::task::spawn_blocking(move || keeping::answer(&store, &name, &owner, request)).await;
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
        means: &Means<'_>,
        panel: Panel,
    ) -> Result<(), RequestError> {
        means.rations.draw()?;
        let drawing = Drawing::anew(by, panel)?;
        means.footing.take(drawing, true, |drawing| self.carry_out(by, drawing))
    }

    /// Closes a panel; the error says why not.
    pub(crate) fn close_panel(
        &self,
        by: &ExtensionId,
        means: &Means<'_>,
        id: &str,
    ) -> Result<(), RequestError> {
        let drawing = Drawing::ClosePanel(id.to_owned());
        means.footing.take(drawing, true, |drawing| self.carry_out(by, drawing))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn not_open(id: &str) -> RequestError {
    RequestError::invalid(format!("it has no open panel {:?}", harmless_line(id, LINE)))
}

fn patient(asking: Option<Asking>) -> Result<Asking, RequestError> {
    asking.filter(|asking| asking.patience.is_some()).ok_or(RequestError::NotNow)
}

#[cfg(test)]
mod tests;
