//! A running extension as the dispatcher sees it.

mod asking;
mod ending;

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::OnceCell;
use tokio::task::{AbortHandle, JoinHandle};
use wharf_child::ProcessHandle;
use wharf_child::writer::OutboxError;
use wharf_extensions::backend::{ExtCall, Instance};
use wharf_extensions::error::{ExtError, Fault, Stage};
use wharf_protocol::command::CommandResult;
use wharf_protocol::event::Event;
use wharf_protocol::frame::{
    Block, CommandInvoked, EventFrame, EventIntercept, ToExtension, Told, ToolCallFrame,
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
