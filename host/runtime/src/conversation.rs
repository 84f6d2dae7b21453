//! The conversation as a whole: another model, a new session, a summary.

use std::sync::atomic::{AtomicU64, Ordering};

use wharf_agent::{Compacted, RunError, Transcript};
use wharf_ports::call::{CallContext, Cause};
use wharf_ports::event::{AgentEvent, EventSink as _};
use wharf_ports::hooks::Hooks as _;
use wharf_ports::model::ModelName;
use wharf_protocol::event::{Event, Switch};
use wharf_protocol::hook::CompactionCause;

use crate::builder::{BuildError, ModelChoice};
use crate::handle::Wharf;

impl Wharf {
    /// Lets another model answer from the next model call on; extensions and faces are told.
    ///
    /// # Errors
    /// [`BuildError`] when the script cannot be used.
    pub async fn set_model(&self, choice: &ModelChoice) -> Result<(), BuildError> {
        let model = crate::assembly::model(choice)?;
        let ModelName { provider, model: name } = model.name();
        self.0.parts.agent.set_model(model);
        self.0.parts.extensions.model_is(&provider, &name);
        let event = Event::ModelChange { provider: provider.clone(), model: name.clone() };
        self.0.parts.dispatcher.publish(event, Cause::human());
        self.0.parts.bus.emit(AgentEvent::ModelChange { provider, model: name }).await;
        Ok(())
    }

    /// Begins the conversation anew, after the prompt in progress; extensions and faces are told.
    pub async fn new_session(&self) {
        let mut transcript = self.0.transcript.lock().await;
        *transcript = Transcript::default();
        let store = self.0.parts.store.clone();
        // Whether the values of the session before could be removed shows in the store itself.
        _ = tokio::task::spawn_blocking(move || store.switch_session(new_session_name())).await;
        let reason = Switch::New;
        self.0.parts.dispatcher.publish(Event::SessionSwitch { reason }, Cause::human());
        self.0.parts.bus.emit(AgentEvent::SessionSwitch { reason }).await;
    }

    /// Makes the conversation shorter, after the prompt in progress: a summary stands for what was before.
    /// `instructions` say what it must keep. `None`: there is nothing to summarise.
    ///
    /// # Errors
    /// Why the conversation is as it was: an interceptor refused, the model failed, or it was cancelled.
    pub async fn compact(&self, instructions: &str) -> Result<Option<Compacted>, RunError> {
        self.0.ready().await;
        let cancel = self.0.tokens.next();
        let mut transcript = self.0.transcript.lock().await;
        let cx = CallContext::human(cancel);
        self.0.parts.agent.compact(&mut transcript, CompactionCause::Manual, instructions, &cx).await
    }
}

/// A name that no session had before.
pub(crate) fn new_session_name() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let (now, number) = (jiff::Timestamp::now(), NEXT.fetch_add(1, Ordering::Relaxed));
    format!("{now}-{}-{number}", std::process::id())
}
