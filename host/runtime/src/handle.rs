//! The running agent, as faces and embedders hold it.

mod inner;

use inner::Turn;
pub(crate) use inner::{Inner, Parts};

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OnceCell, oneshot};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use wharf_extensions::error::ExtError;
use wharf_extensions::listing::{Listing, State};
use wharf_extensions::meter::Reading;
use wharf_extensions::reload::Change;
use wharf_ports::call::Cause;
use wharf_ports::hooks::Hooks;
use wharf_ports::message::Message;
use wharf_protocol::event::Event;
use wharf_protocol::id::ExtensionId;
use wharf_protocol::tool::ToolSpec;

use crate::builder::Builder;
use crate::bus::Events;
use crate::outcome::{Outcome, Status};
use crate::submissions::Submissions;
use crate::tokens::Tokens;

/// How long the prompt in progress may take to end when the agent is closed. A command that ignores its end takes 3 s.
const LAST_PROMPT: Duration = Duration::from_secs(6);

/// A running agent. Cheap to clone, safe to share between tasks; many can live in one process.
#[derive(Clone)]
pub struct Wharf(pub(crate) Arc<Inner>);

impl Wharf {
    /// Begins to choose.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn new(parts: Parts, tokens: Arc<Tokens>, submissions: Submissions) -> Self {
        let transcript = tokio::sync::Mutex::default();
        let closing = tokens.closing().clone();
        let inner =
            Arc::new(Inner { parts, line: Arc::default(), transcript, ready: OnceCell::new(), tokens });
        submissions.serve(Arc::downgrade(&inner), closing);
        Self(inner)
    }

    /// A new face: it gets every event from now on. The first one also gets what happened since the start.
    #[must_use]
    pub fn events(&self) -> Events {
        self.0.parts.bus.subscribe()
    }

    /// Waits until the extensions have docked or failed, 3 s at most, and tells them that the session has started.
    /// The first prompt does this by itself.
    pub async fn ready(&self) {
        self.0.ready().await;
    }

    /// Waits until every extension has docked or failed, however long that takes; each has a start deadline of its own.
    pub async fn settled(&self) {
        self.0.parts.extensions.settled().await;
    }

    /// Takes up a prompt: a slash command of an extension runs, anything else goes to the model. The prompt starts at
    /// once, or when the one before it has ended.
    pub async fn prompt(&self, text: impl Into<String>) -> Run {
        let cancel = self.0.tokens.next();
        let (sender, receiver) = oneshot::channel();
        let (inner, text) = (self.0.clone(), text.into());
        let token = cancel.clone();
        // The place in the line is taken here: which task runs first is not known.
        let turn = Turn::line_up(&inner).await;
        tokio::spawn(async move {
            let outcome = inner.prompt(&text, token, turn).await;
            // Whoever asked may have gone; the events told everybody else.
            _ = sender.send(outcome);
        });
        Run { cancel, receiver }
    }

    /// Ends the prompt in progress, and those that wait for it.
    pub fn cancel(&self) {
        self.0.tokens.cancel();
    }

    /// All extensions that were found and may be started, with what became of them. Of those that have docked, the tools
    /// and commands that have a name here, under that name.
    #[must_use]
    pub fn extensions(&self) -> Vec<Listing> {
        let registry = self.0.parts.dispatcher.registry();
        let mut all = self.0.parts.extensions.list();
        for listing in all.iter_mut().filter(|listing| listing.state != State::Disabled) {
            let Ok(id) = ExtensionId::new(&listing.name) else { continue };
            if registry.docked(&id).is_none() {
                continue;
            }
            let tools = registry.tools().filter(|entry| entry.owner.id == id);
            let tools: HashMap<_, _> =
                tools.map(|entry| (entry.inner_name.as_str(), entry.spec.name.as_str())).collect();
            let commands = registry.commands().filter(|entry| entry.owner.id == id);
            let commands: HashMap<_, _> =
                commands.map(|entry| (entry.inner_name.as_str(), entry.spec.name.as_str())).collect();
            listing.tools = named(&listing.tools, &tools);
            listing.commands = named(&listing.commands, &commands);
        }
        all
    }

    /// Looks for extensions again. The one of that name, or all of them, are loaded anew; what is new docks, what is gone
    /// undocks. A new version takes its place when it has started, and not at all if it fails; calls that are in the
    /// old one end there. Every face gets an event as well. Dropping this before its end changes nothing.
    pub async fn reload(&self, name: Option<&str>) -> Vec<Change> {
        self.0.ready().await;
        self.0.parts.reload(name).await
    }

    /// The components that are being compiled for their first start. Their code is kept, so that it happens once.
    #[must_use]
    pub fn compiling(&self) -> Vec<ExtensionId> {
        self.0.parts.extensions.compiling()
    }

    /// Waits until none is being compiled any more; each has a limit of its own.
    pub async fn compiled(&self) {
        self.0.parts.extensions.compiled().await;
    }

    /// The project's extensions, which are not started because it is not trusted.
    #[must_use]
    pub fn inert(&self) -> &[PathBuf] {
        &self.0.parts.inert
    }

    /// The extensions that could not be started.
    #[must_use]
    pub fn failed_extensions(&self) -> Vec<ExtError> {
        self.0.parts.extensions.failed()
    }

    /// What was found and cannot be started, one line each: where, what and what to do.
    #[must_use]
    pub fn left_out(&self) -> &[String] {
        &self.0.parts.left_out
    }

    /// What each extension costs so far, by name.
    #[must_use]
    pub fn costs(&self) -> BTreeMap<String, Reading> {
        self.0.parts.extensions.costs()
    }

    /// The tools that the model may call now, sorted by name.
    #[must_use]
    pub fn tools(&self) -> Vec<Arc<ToolSpec>> {
        self.0.parts.agent.tools.specs()
    }

    /// The extensions' commands, with their descriptions, sorted by name.
    #[must_use]
    pub fn commands(&self) -> Vec<(String, String)> {
        let registry = self.0.parts.dispatcher.registry();
        registry.commands().map(|entry| (entry.spec.name.clone(), entry.spec.description.clone())).collect()
    }

    /// The transcript so far. Waits for the prompt in progress.
    pub async fn messages(&self) -> Vec<Message> {
        self.0.transcript.lock().await.messages.clone()
    }

    /// Ends the prompt in progress and then all extensions, each within its contracted time. Prompts that come later end
    /// at once.
    pub async fn close(&self) {
        self.0.tokens.closing().cancel();
        // Guards stay until the last tool has ended.
        _ = timeout(LAST_PROMPT, self.0.transcript.lock()).await;
        self.0.parts.dispatcher.publish(Event::SessionEnd, Cause::human());
        self.0.parts.extensions.stop().await;
        self.0.forget_session().await;
    }

    /// The same, with less patience: what has not ended by then is killed when the process ends.
    pub async fn close_within(&self, patience: Duration) {
        self.0.tokens.closing().cancel();
        // Extensions are told at once: no tool starts any more, and running out of patience is what this is for.
        _ = timeout(patience, self.0.parts.extensions.stop()).await;
    }
}

/// A prompt that was taken up.
pub struct Run {
    cancel: CancellationToken,
    receiver: oneshot::Receiver<Outcome>,
}

impl Run {
    /// Ends it.
    pub fn cancel(&self) {
        self.cancel.cancel();
    }

    /// Waits for its end.
    pub async fn outcome(self) -> Outcome {
        self.receiver.await.unwrap_or_else(|_| {
            Outcome::new(Status::Failed("the agent ended in the middle of the prompt".to_owned()), "")
        })
    }
}

/// Those that have a name, under it, in the order in which they were registered.
fn named(registered: &[String], names: &HashMap<&str, &str>) -> Vec<String> {
    registered.iter().filter_map(|inner| names.get(inner.as_str())).map(ToString::to_string).collect()
}
