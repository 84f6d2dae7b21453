//! One question and its answer, whatever it is about.

use std::time::Duration;

use tokio::time::Instant;
use wharf_child::pending::{Pending, Refused};
use wharf_child::writer::OutboxError;
use wharf_extensions::backend::ExtCall;
use wharf_extensions::error::{ExtError, Fault, Stage};
use wharf_protocol::frame::{Cancel, Context, EventIntercept, ToExtension};
use wharf_protocol::hook::HookPoint;

use super::Subprocess;

impl Subprocess {
    /// Queues a question and waits for its answer: by the deadline, or until the caller cancels or the extension ends.
    pub(super) async fn ask<R>(
        &self,
        table: &Pending<R, Fault>,
        cx: &ExtCall,
        question: impl FnOnce(String) -> ToExtension,
    ) -> Result<R, Fault> {
        let limit = cx.deadline.saturating_duration_since(Instant::now());
        if cx.cancel.is_cancelled() {
            return Err(Fault::Cancelled);
        }
        let id = self.peer.ids.next();
        let waiting = table.register(id.clone()).map_err(|refused| match refused {
            Refused::Closed(Fault::NotRunning { why }) => Fault::NotRunning { why },
            Refused::Closed(cause) => Fault::NotRunning { why: cause.to_string() },
            Refused::Full { waiting } => Fault::Busy { waiting },
        })?;
        let _listed = self.peer.list(&id, cx);
        let line = self
            .peer
            .encode(&question(id.clone()))
            .map_err(|error| Fault::other("it was not asked", error))?;
        // As long as the ticket lives, the question is wanted.
        let sent = self.peer.outbox.send(line);
        let _ticket = match sent {
            Ok(ticket) => Some(ticket),
            Err(OutboxError::Full { lines }) => return Err(Fault::Busy { waiting: lines }),
            // It is about to be dead, and the cause will come in a moment.
            Err(OutboxError::Closed) => None,
        };
        let answer = tokio::select! {
            biased;
            answer = waiting.answer() => return answer,
            () = cx.cancel.cancelled() => Err(Fault::Cancelled),
            () = cx.late_by(Duration::ZERO) => Err(Fault::TimedOut { limit, while_busy: None }),
        };
        self.cancel(id);
        answer
    }

    /// Tells it that nobody waits for an answer any more. Version 1 has no word for that.
    fn cancel(&self, id: String) {
        if self.peer.version() >= 2
            && let Ok(line) = self.peer.encode(&ToExtension::Cancel(Cancel { id }))
        {
            // A queue that is full or closed has other troubles.
            _ = self.peer.outbox.post(line);
        }
    }

    /// What set a call in motion, for those who can read it.
    pub(super) fn told(&self, cx: &ExtCall) -> Option<Context> {
        let left = cx.deadline.saturating_duration_since(Instant::now());
        (self.peer.version() >= 2).then(|| Context {
            chain: cx.cause.chain,
            depth: cx.cause.depth,
            budget_ms: u32::try_from(left.as_millis()).unwrap_or(u32::MAX),
        })
    }

    pub(super) async fn intercept<V>(
        &self,
        point: HookPoint,
        cx: &ExtCall,
        question: EventIntercept,
        verdict: impl FnOnce(wharf_protocol::frame::InterceptResponse) -> V,
    ) -> Result<V, ExtError> {
        let event = point.as_str().to_owned();
        let context = self.told(cx);
        let frame = |id| ToExtension::EventIntercept(EventIntercept { id, event, context, ..question });
        let answer = self.ask(&self.peer.hooks, cx, frame).await;
        answer.map(verdict).map_err(|fault| self.error(fault, Stage::Hook(point)))
    }

    pub(super) fn error(&self, fault: Fault, stage: Stage) -> ExtError {
        fault.at(self.peer.inbound.extension(), stage)
    }
}
