//! What all handles of an agent share: its parts, and one prompt at a time.

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, MaybeDone, maybe_done};
use tokio::sync::{OnceCell, OwnedMutexGuard};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use wharf_agent::{Agent, Transcript};
use wharf_extensions::dispatcher::Dispatcher;
use wharf_extensions::lifecycle::Extensions;
use wharf_extensions::reporter::Reporter;
use wharf_extensions::store::Store;
use wharf_ports::call::{CallContext, Cause};
use wharf_ports::hooks::Hooks;
use wharf_protocol::event::Event;

use crate::bus::Bus;
use crate::command::{self, Words};
use crate::interface::Interface;
use crate::outcome::Outcome;
use crate::search::Search;
use crate::submissions::Submission;
use crate::tokens::Tokens;

/// How long it may take to let go of what was kept for the session.
const LAST_WRITE: Duration = Duration::from_secs(2);

/// What an agent is made of.
pub(crate) struct Parts {
    pub(crate) agent: Agent,
    pub(crate) dispatcher: Arc<Dispatcher>,
    pub(crate) extensions: Extensions,
    pub(crate) search: Search,
    pub(crate) bus: Arc<Bus>,
    pub(crate) reporter: Reporter,
    pub(crate) interface: Arc<Interface>,
    pub(crate) store: Arc<Store>,
    pub(crate) inert: Vec<PathBuf>,
    pub(crate) left_out: Vec<String>,
}

/// A place in the line of those who want to talk to the model, in the order in which they came.
pub(super) struct Turn(MaybeDone<BoxFuture<'static, OwnedMutexGuard<()>>>);

impl Turn {
    /// Takes a place, without waiting for its turn.
    pub(super) async fn line_up(inner: &Inner) -> Self {
        let mut place = maybe_done(inner.line.clone().lock_owned().boxed());
        // The first poll takes it.
        _ = futures_util::poll!(&mut place);
        Self(place)
    }

    /// Its turn; the next one's comes when what is returned is dropped.
    async fn come(mut self) -> Option<OwnedMutexGuard<()>> {
        (&mut self.0).await;
        Pin::new(&mut self.0).take_output()
    }
}

pub(crate) struct Inner {
    pub(crate) parts: Parts,
    /// Prompts line up here.
    pub(super) line: Arc<tokio::sync::Mutex<()>>,
    /// One at a time works on it.
    pub(crate) transcript: tokio::sync::Mutex<Transcript>,
    pub(super) ready: OnceCell<()>,
    pub(crate) tokens: Arc<Tokens>,
}

impl Inner {
    pub(crate) async fn ready(&self) {
        let start = || async {
            self.parts.extensions.ready().await;
            self.parts.dispatcher.publish(Event::SessionStart, Cause::human());
        };
        self.ready.get_or_init(start).await;
    }

    /// Lets go of what was kept for the session.
    pub(super) async fn forget_session(&self) {
        let store = self.parts.store.clone();
        let work = tokio::task::spawn_blocking(move || store.switch_session(String::new()));
        // What is not removed by then is forgotten later.
        _ = timeout(LAST_WRITE, work).await;
    }

    pub(super) async fn prompt(&self, text: &str, cancel: CancellationToken, turn: Turn) -> Outcome {
        let cx = CallContext::human(cancel);
        self.take_up(Words { text, by: None }, &cx, turn).await
    }

    /// Takes up a prompt of an extension.
    pub(crate) async fn submitted(&self, submission: Submission) -> Outcome {
        let Submission { cancel, by, text, cause } = submission;
        let cx = CallContext { cause, ..CallContext::human(cancel) };
        let turn = Turn::line_up(self).await;
        self.take_up(Words { text: &text, by: Some(&by) }, &cx, turn).await
    }

    async fn take_up(&self, words: Words<'_>, cx: &CallContext, turn: Turn) -> Outcome {
        let come = async {
            self.ready().await;
            (turn.come().await, self.transcript.lock().await)
        };
        let (_turn, mut transcript) = tokio::select! {
            biased;
            () = cx.cancel.cancelled() => return command::cancelled(&self.parts).await,
            come = come => come,
        };
        command::take_up(&self.parts, &mut transcript, words, cx).await
    }
}

impl Drop for Inner {
    /// Whoever watches ends with the agent, also when nobody closed it.
    fn drop(&mut self) {
        self.tokens.closing().cancel();
    }
}
