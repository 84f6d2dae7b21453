//! Makes a conversation shorter: a summary stands for what was before.

use futures_util::StreamExt as _;
use wharf_ports::call::CallContext;
use wharf_ports::event::AgentEvent;
use wharf_ports::hooks::CompactionDecision;
use wharf_ports::message::{Body, Message};
use wharf_ports::model::{ModelEvent, ModelRequest, Usage};
use wharf_protocol::content::Content;
use wharf_protocol::event::{Event, Stop};
use wharf_protocol::hook::{Compaction, CompactionCause};
use wharf_protocol::id::ExtensionId;

use crate::turn::as_event;
use crate::{Agent, RunError, Transcript};

/// What the model is asked to do.
const INSTRUCTIONS: &str = "Summarise this conversation so that somebody who knows only your summary can go on with \
    the work: what the user wants, what was found out and decided, which files were read and changed, what is left to \
    do. Keep names, paths and numbers exact. Answer with the summary alone.";
/// Longest summary of a model, in bytes.
const MAX_SUMMARY: usize = 1 << 20;

/// A conversation that was made shorter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compacted {
    /// The summary.
    pub summary: String,
    /// The extension that wrote it; none: the model did.
    pub by: Option<ExtensionId>,
    /// How many messages it stands for.
    pub messages: u32,
}

impl Agent {
    /// Puts a summary in the place of all messages. `None`: there is nothing to summarise. If it fails, or is cancelled,
    /// the transcript is as it was.
    ///
    /// # Errors
    /// An interceptor refused, the model failed, or it was cancelled.
    pub async fn compact(
        &self,
        transcript: &mut Transcript,
        cause: CompactionCause,
        instructions: &str,
        cx: &CallContext,
    ) -> Result<Option<Compacted>, RunError> {
        let messages = u32::try_from(transcript.messages.len()).unwrap_or(u32::MAX);
        if messages < 2 {
            return Ok(None);
        }
        let compaction = Compaction { cause, messages, instructions: instructions.to_owned() };
        let decision = self.hooks.before_compaction(&compaction, cx).await;
        let cancelled = || cx.cancel.is_cancelled();
        let (summary, by) = match decision {
            _ if cancelled() => return Err(RunError::Cancelled),
            CompactionDecision::Refuse(refusal) => return Err(RunError::Refused(refusal)),
            CompactionDecision::Summary { by, text } => (text, Some(by)),
            CompactionDecision::Go => {
                let asked = self.summarise(transcript, instructions, cx);
                let summary = tokio::select! {
                    biased;
                    () = cx.cancel.cancelled() => return Err(RunError::Cancelled),
                    summary = asked => summary?,
                };
                (summary, None)
            }
        };
        let text = format!("The conversation so far, in short:\n\n{summary}");
        transcript.messages.clear();
        transcript.push(Body::User(vec![Content::text(text)]), self.clock.now());
        let told = Event::Compaction { messages, by: by.as_ref().map(ToString::to_string) };
        self.hooks.publish(told, cx.cause);
        let event = AgentEvent::Compacted { summary: summary.clone(), by: by.clone(), messages };
        self.events.emit(event).await;
        Ok(Some(Compacted { summary, by, messages }))
    }

    async fn summarise(
        &self,
        transcript: &mut Transcript,
        instructions: &str,
        cx: &CallContext,
    ) -> Result<String, RunError> {
        let mut ask = INSTRUCTIONS.to_owned();
        if !instructions.trim().is_empty() {
            ask.push_str("\n\nAbove all keep: ");
            ask.push_str(instructions.trim());
        }
        let mut messages = transcript.messages.clone();
        messages.push(Message { body: Body::User(vec![Content::text(ask)]), time: self.clock.now() });
        let request = ModelRequest { system: &self.system, messages: &messages, tools: &[] };
        let mut stream = self.model().stream(request, cx).await?;
        let mut summary = String::new();
        while let Some(event) = stream.next().await {
            match event? {
                ModelEvent::Text(text) if summary.len() + text.len() > MAX_SUMMARY => {
                    return Err(RunError::Answer("the summary is too long".to_owned()));
                }
                ModelEvent::Text(text) => summary.push_str(&text),
                ModelEvent::Done { stop, usage } => {
                    self.account(transcript, usage, cx).await;
                    return match (stop, summary.trim().is_empty()) {
                        (Stop::End, false) => Ok(summary),
                        _ => Err(RunError::Answer("the model wrote no complete summary".to_owned())),
                    };
                }
                ModelEvent::Thinking(_)
                | ModelEvent::ToolStart { .. }
                | ModelEvent::ToolArgs { .. }
                | ModelEvent::ToolEnd { .. } => {}
            }
        }
        Err(RunError::Answer("the answer broke off".to_owned()))
    }

    /// Adds what a model call took, and tells it.
    pub(crate) async fn account(&self, transcript: &mut Transcript, usage: Usage, cx: &CallContext) {
        transcript.usage += usage;
        self.hooks.publish(Event::Usage(as_event(&usage)), cx.cause);
        self.events.emit(AgentEvent::Usage { call: usage, total: transcript.usage }).await;
    }
}
