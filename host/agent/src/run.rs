//! One prompt: model calls, step by step, until the model is done.

use std::fmt;
use std::future::Future;

use wharf_ports::call::CallContext;
use wharf_ports::event::AgentEvent;
use wharf_ports::message::Body;
use wharf_protocol::content::Content;
use wharf_protocol::event::{Event, Stop};
use wharf_protocol::id::ExtensionId;

use crate::{Agent, RunError, Transcript};

/// How a run went.
#[derive(Debug)]
pub struct RunReport {
    /// The text, as it was shown, of the last model's message that had some; its blocks joined by newlines.
    pub final_text: String,
    /// Whether it ended well.
    pub outcome: Result<(), RunError>,
    /// The calls that the approver refused by policy.
    pub refused_by_policy: Vec<RefusedCall>,
}

/// A call that was refused because nobody could be asked, or by policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedCall {
    /// The tool.
    pub tool: String,
    /// The extension whose hook wants the user asked; none: the tool itself needs approval.
    pub insisted_by: Option<ExtensionId>,
}

impl fmt::Display for RefusedCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tool = &self.tool;
        match &self.insisted_by {
            Some(by) => {
                write!(
                    f,
                    "a call of {tool} was refused: \"{by}\" wants the user asked, and nobody can be asked here"
                )
            }
            None => {
                write!(f, "a call of {tool} was refused: it needs approval; --approve auto would allow it")
            }
        }
    }
}

/// A run in progress.
pub(crate) struct Run<'a> {
    pub(crate) agent: &'a Agent,
    pub(crate) transcript: &'a mut Transcript,
    pub(crate) cx: &'a CallContext,
    pub(crate) final_text: String,
    pub(crate) refused_by_policy: Vec<RefusedCall>,
}

impl Agent {
    /// Answers one prompt of the user, or of an extension. Ends with the event `done`, before it an `error` if the run failed (an abort is no failure).
    ///
    /// Cancelling the context ends the run soon, at whatever point it is; the transcript stays one that a provider accepts.
    pub async fn run(
        &self,
        transcript: &mut Transcript,
        prompt: Vec<Content>,
        by: Option<&ExtensionId>,
        cx: &CallContext,
    ) -> RunReport {
        let text = prompt.iter().filter_map(Content::as_text).collect::<Vec<_>>().join("\n");
        self.hooks.publish(Event::Prompt { text, by: by.map(ToString::to_string) }, cx.cause);
        let time = self.clock.now();
        transcript.push(Body::User(prompt.clone()), time);
        self.events.emit(AgentEvent::UserMessage { content: prompt, time }).await;

        let mut run =
            Run { agent: self, transcript, cx, final_text: String::new(), refused_by_policy: Vec::new() };
        let outcome = run.steps().await;
        let Run { final_text, refused_by_policy, .. } = run;

        match &outcome {
            Ok(()) | Err(RunError::Cancelled) => {}
            Err(error) => self.events.emit(AgentEvent::Error { message: error.to_user() }).await,
        }
        self.hooks.publish(RunError::prompt_end(&outcome), cx.cause);
        self.events.emit(AgentEvent::Done).await;
        RunReport { final_text, outcome, refused_by_policy }
    }
}

impl Run<'_> {
    async fn steps(&mut self) -> Result<(), RunError> {
        let mut step: u32 = 0;
        loop {
            self.go_on()?;
            if let Some(limit) = self.agent.max_steps.filter(|limit| step >= *limit) {
                return Err(RunError::MaxSteps(limit));
            }
            step = step.saturating_add(1);
            let turn = self.turn(step).await?;
            if turn.requests.is_empty() {
                return Ok(());
            }
            if turn.stop != Stop::ToolUse {
                self.answer_unrun(&turn).await;
                return Ok(());
            }
            self.batch(&turn.requests).await;
        }
    }

    /// An error once the run is cancelled.
    pub(crate) fn go_on(&self) -> Result<(), RunError> {
        if self.cx.cancel.is_cancelled() { Err(RunError::Cancelled) } else { Ok(()) }
    }

    /// Waits for something, but not longer than until the run is cancelled.
    pub(crate) async fn until_cancelled<T>(&self, future: impl Future<Output = T>) -> Result<T, RunError> {
        tokio::select! {
            biased;
            () = self.cx.cancel.cancelled() => Err(RunError::Cancelled),
            value = future => Ok(value),
        }
    }

    /// Tells the faces.
    pub(crate) async fn emit(&self, event: AgentEvent) {
        self.agent.events.emit(event).await;
    }

    /// Tells the extensions, then the faces.
    pub(crate) async fn tell(&self, extensions: Event, faces: AgentEvent) {
        self.agent.hooks.publish(extensions, self.cx.cause);
        self.emit(faces).await;
    }
}
