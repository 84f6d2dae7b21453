//! A running extension: its calls, its events, its end.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::OnceCell;
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::{Instant, timeout};
use wharf_child::ProcessHandle;
use wharf_child::pending::{Pending, Refused};
use wharf_child::writer::OutboxError;
use wharf_extensions::backend::{ExtCall, Instance};
use wharf_extensions::error::{ExtError, Fault, Stage, seconds};
use wharf_protocol::command::CommandResult;
use wharf_protocol::event::Event;
use wharf_protocol::frame::{
    Block, Cancel, CommandInvoked, Context, EventFrame, EventIntercept, ToExtension, Told, ToolCallFrame,
};
use wharf_protocol::hook::{
    Compaction, CompactionVerdict, HookPoint, MessageVerdict, Prompt, PromptVerdict, ResultVerdict,
    ToolReport, ToolVerdict, TurnVerdict,
};
use wharf_protocol::tool::{ToolCall, ToolOutput};

use crate::answers;
use crate::peer::Peer;
use crate::terms::Timing;

/// An extension that is a child process. Dropping it kills the process with its whole group.
pub(crate) struct Subprocess {
    peer: Arc<Peer>,
    process: Arc<ProcessHandle>,
    serving: AbortHandle,
    timing: Timing,
    stopped: OnceCell<()>,
}

impl Subprocess {
    pub(crate) fn new(
        peer: Arc<Peer>,
        process: Arc<ProcessHandle>,
        serving: JoinHandle<()>,
        timing: Timing,
    ) -> Self {
        Self { peer, process, serving: serving.abort_handle(), timing, stopped: OnceCell::new() }
    }

    /// Ends it at once, and waits until nothing is left of it.
    pub(crate) async fn kill(&self) {
        self.stopped
            .get_or_init(async || {
                self.peer.stopping();
                self.reap().await;
            })
            .await;
    }

    /// Queues a question and waits for its answer: by the deadline, or until the caller cancels or the extension ends.
    async fn ask<R>(
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
    fn told(&self, cx: &ExtCall) -> Option<Context> {
        let left = cx.deadline.saturating_duration_since(Instant::now());
        (self.peer.version() >= 2).then(|| Context {
            chain: cx.cause.chain,
            depth: cx.cause.depth,
            budget_ms: u32::try_from(left.as_millis()).unwrap_or(u32::MAX),
        })
    }

    async fn intercept<V>(
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

    fn error(&self, fault: Fault, stage: Stage) -> ExtError {
        fault.at(self.peer.inbound.extension(), stage)
    }

    async fn end(&self) {
        if self.peer.stopping() {
            let shutdown = self.peer.encode(&ToExtension::Shutdown).ok();
            if self.peer.version() >= 2 && shutdown.is_some() {
                // What it writes down at its end has to be replied to.
                _ = shutdown.map(|line| self.peer.outbox.answer(line));
            } else {
                self.peer.outbox.close(shutdown);
            }
            self.part().await;
            self.peer.outbox.close(None);
        }
        self.reap().await;
        if let Some(exit) = self.process.exited() {
            self.peer.log(&format!("stopped: {exit}"));
        }
    }

    /// Waits until the process has ended, ever less politely.
    async fn part(&self) {
        let Timing { polite, terminate, .. } = self.timing;
        if timeout(polite, self.process.wait()).await.is_ok() {
            return;
        }
        self.peer.log(&format!("it did not end within {}: SIGTERM", seconds(polite)));
        self.process.terminate();
        if timeout(terminate, self.process.wait()).await.is_err() {
            self.peer.log(&format!("it did not end within {} of SIGTERM: SIGKILL", seconds(terminate)));
        }
    }

    /// Kills what is left of the group and waits until the process is reaped and its pipes are read to the end.
    async fn reap(&self) {
        // A process that is stuck in the kernel is not waited for.
        let _ = timeout(self.timing.terminate, self.process.end()).await;
        let _ = timeout(self.timing.drain * 2, self.peer.dead.cancelled()).await;
        self.serving.abort();
    }
}

#[async_trait]
impl Instance for Subprocess {
    async fn call_tool(&self, call: &ToolCall, cx: &ExtCall) -> Result<ToolOutput, ExtError> {
        let question = |id| {
            let (name, args, context) = (call.name.clone(), call.args.clone(), self.told(cx));
            ToExtension::ToolCall(ToolCallFrame { id, name, args, context })
        };
        let answer = self.ask(&self.peer.tools, cx, question).await;
        let result = answer.map_err(|fault| self.error(fault, Stage::Tool(call.name.clone())))?;
        Ok(Block::into_output(result.content, result.is_error, self.peer.inbound.extension().as_str()))
    }

    async fn run_command(&self, name: &str, args: &str, cx: &ExtCall) -> Result<CommandResult, ExtError> {
        let question = |id| {
            let (name, args, context) = (name.to_owned(), args.to_owned(), self.told(cx));
            ToExtension::CommandInvoked(CommandInvoked { id, name, args, context })
        };
        let answer = self.ask(&self.peer.commands, cx, question).await;
        answer.map(answers::outcome).map_err(|fault| self.error(fault, Stage::Command(name.to_owned())))
    }

    async fn on_tool_call(&self, call: &ToolCall, cx: &ExtCall) -> Result<ToolVerdict, ExtError> {
        let question = EventIntercept {
            tool_id: call.id.clone(),
            tool_name: call.name.clone(),
            tool_args: Some(call.args.clone()),
            ..EventIntercept::default()
        };
        let verdict = self.intercept(HookPoint::ToolCall, cx, question, answers::about_tool_call).await?;
        verdict.map_err(|what| self.error(Fault::Protocol { what }, Stage::Hook(HookPoint::ToolCall)))
    }

    async fn on_turn_start(&self, step: u32, cx: &ExtCall) -> Result<TurnVerdict, ExtError> {
        let question = EventIntercept { step, ..EventIntercept::default() };
        self.intercept(HookPoint::TurnStart, cx, question, answers::about_turn).await
    }

    async fn on_assistant_message(&self, text: &str, cx: &ExtCall) -> Result<MessageVerdict, ExtError> {
        let question = EventIntercept { text: text.to_owned(), ..EventIntercept::default() };
        let version = self.peer.version();
        let verdict = move |answer| answers::about_message(answer, version);
        self.intercept(HookPoint::AssistantMessage, cx, question, verdict).await
    }

    async fn on_prompt(&self, prompt: &Prompt, cx: &ExtCall) -> Result<PromptVerdict, ExtError> {
        let (text, by) = (prompt.text.clone(), prompt.by.clone().unwrap_or_default());
        let question = EventIntercept { text, by, ..EventIntercept::default() };
        self.intercept(HookPoint::Prompt, cx, question, answers::about_prompt).await
    }

    async fn on_tool_result(&self, report: &ToolReport, cx: &ExtCall) -> Result<ResultVerdict, ExtError> {
        let ToolReport { call, output } = report;
        let question = EventIntercept {
            tool_id: call.id.clone(),
            tool_name: call.name.clone(),
            tool_args: Some(call.args.clone()),
            content: output.content.iter().map(Block::from).collect(),
            is_error: output.is_error,
            ..EventIntercept::default()
        };
        let name = self.peer.inbound.extension().as_str();
        self.intercept(HookPoint::ToolResult, cx, question, |answer| answers::about_result(answer, name))
            .await
    }

    async fn on_compaction(
        &self,
        compaction: &Compaction,
        cx: &ExtCall,
    ) -> Result<CompactionVerdict, ExtError> {
        let question = EventIntercept {
            text: compaction.instructions.clone(),
            cause: compaction.cause.as_str().to_owned(),
            messages: compaction.messages,
            ..EventIntercept::default()
        };
        self.intercept(HookPoint::Compaction, cx, question, answers::about_compaction).await
    }

    fn deliver(&self, event: &Arc<Event>, cx: &ExtCall) {
        let topic = event.topic().as_str();
        let frame = match Told::from(event.as_ref()) {
            Told::Event(frame) => ToExtension::Event(EventFrame { context: self.told(cx), ..frame }),
            Told::PanelKey(frame) => ToExtension::PanelKey(frame),
            Told::PanelClose(frame) => ToExtension::PanelClose(frame),
        };
        if !self.peer.tell_dropped() {
            return self.peer.drop_event(topic);
        }
        match self.peer.encode(&frame) {
            Ok(line) => match self.peer.outbox.post(line) {
                Ok(()) => {}
                Err(OutboxError::Full { .. }) => self.peer.drop_event(topic),
                // Its end has been told already, or is about to be.
                Err(OutboxError::Closed) => {}
            },
            Err(error) => self.peer.log(&format!("event {topic} dropped: {error}")),
        }
    }

    async fn stop(&self) {
        self.stopped.get_or_init(|| self.end()).await;
    }
}

impl Drop for Subprocess {
    fn drop(&mut self) {
        self.process.kill();
        self.serving.abort();
    }
}
