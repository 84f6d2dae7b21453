//! One model call: asked for, streamed, shown.

use futures_util::StreamExt;
use jiff::Timestamp;
use wharf_ports::event::AgentEvent;
use wharf_ports::hooks::{MessageDecision, TurnDecision};
use wharf_ports::message::{AssistantBlock, joined_text};
use wharf_ports::model::{ModelRequest, Usage};
use wharf_protocol::event::{Event, Stop};

use crate::RunError;
use crate::answer::{Answer, Answered, Folded, Request, broke_off};
use crate::run::Run;

/// A model call that went well.
pub(crate) struct Turn {
    pub(crate) stop: Stop,
    pub(crate) requests: Vec<Request>,
}

impl Run<'_> {
    /// Makes one model call, from `turn_start` to `turn_end`.
    pub(crate) async fn turn(&mut self, step: u32) -> Result<Turn, RunError> {
        self.tell(Event::TurnStart { step }, AgentEvent::TurnStart { step }).await;
        // Begins with the first event of the stream.
        let mut answer = None;
        let outcome = self.stream(step, &mut answer).await;
        let (stop, usage) = match &outcome {
            Ok(end) => *end,
            Err(error) => (error.stop(), Usage::default()),
        };
        let mut requests = Vec::new();
        if let Some(answer) = answer {
            self.agent.account(self.transcript, usage, self.cx).await;
            requests = self.keep(answer.finish(), stop).await;
        }
        let error = outcome.as_ref().err().map(ToString::to_string);
        let ended = Event::TurnEnd { stop: Some(stop), error: error.clone() };
        self.tell(ended, AgentEvent::TurnEnd { stop: Some(stop), error }).await;
        outcome.map(|_| Turn { stop, requests })
    }

    async fn stream(&self, step: u32, answer: &mut Option<Answer>) -> Result<(Stop, Usage), RunError> {
        let decision = self.agent.hooks.before_turn(step, self.cx).await;
        self.go_on()?;
        match decision {
            TurnDecision::Go => {}
            TurnDecision::Refuse(refusal) => return Err(RunError::Refused(refusal)),
        }
        let tools = self.agent.tools.specs();
        let request =
            ModelRequest { system: &self.agent.system, messages: &self.transcript.messages, tools: &tools };
        let model = self.agent.model();
        let mut stream = self.until_cancelled(model.stream(request, self.cx)).await??;
        loop {
            let event = self.until_cancelled(stream.next()).await?.ok_or_else(broke_off)??;
            if answer.is_none() {
                self.emit(AgentEvent::AssistantStart).await;
            }
            match answer.get_or_insert_default().fold(event)? {
                Folded::Piece(piece) => self.emit(piece).await,
                Folded::Complete { stop, usage } => return Ok((stop, usage)),
            }
        }
    }

    /// Puts the answer into the transcript and shows it, unless nothing of it can be kept.
    async fn keep(&mut self, answer: Answered, stop: Stop) -> Vec<Request> {
        // Calls of a message that was cut short may be cut short too; a provider refuses a message without its results.
        let cut_short = matches!(stop, Stop::Error | Stop::Aborted) && !answer.requests.is_empty();
        if cut_short || answer.is_empty() {
            return Vec::new();
        }
        let time = self.agent.clock.now();
        self.transcript.push_answer(&answer, time);
        self.show(answer.blocks, time).await;
        for request in &answer.requests {
            let call = request.call.clone();
            let event =
                Event::ToolCall { id: call.id.clone(), name: call.name.clone(), args: call.args.clone() };
            self.tell(event, AgentEvent::ToolCall { id: call.id, name: call.name, args: call.args }).await;
        }
        answer.requests
    }

    async fn show(&mut self, blocks: Vec<AssistantBlock>, time: Timestamp) {
        let text = joined_text(&blocks, "\n");
        let decision = match text.as_str() {
            "" => MessageDecision::Show,
            text => self.agent.hooks.before_message(text, self.cx).await,
        };
        let (blocks, replaced) = match decision {
            MessageDecision::Show => (blocks, false),
            MessageDecision::Replace(text) => (replace_text(blocks, text), true),
            MessageDecision::Hide(refusal) => {
                let hidden = AgentEvent::MessageHidden { by: refusal.by, reason: refusal.reason };
                return self.emit(hidden).await;
            }
        };
        let shown = joined_text(&blocks, "\n");
        if !shown.is_empty() {
            self.final_text = shown;
        }
        let event = Event::AssistantMessage { text: joined_text(&blocks, "") };
        self.tell(event, AgentEvent::AssistantMessage { blocks, time, replaced }).await;
    }
}

/// Puts one text in the place of the first text block; tool calls stay, and the reasoning behind the text goes with it.
fn replace_text(blocks: Vec<AssistantBlock>, text: String) -> Vec<AssistantBlock> {
    let mut replacement = Some(AssistantBlock::Text(text));
    let replaced = blocks.into_iter().filter_map(|block| match block {
        AssistantBlock::Text(_) => replacement.take(),
        AssistantBlock::Thinking(_) => None,
        AssistantBlock::ToolCall(_) => Some(block),
    });
    replaced.collect()
}

/// As extensions are told.
pub(crate) fn as_event(usage: &Usage) -> wharf_protocol::event::Usage {
    let Usage { input, output, cache_read, cache_write, cost_usd } = *usage;
    let micros = cost_usd * 1e6;
    // A price that nobody knows is counted as nothing.
    let known = micros.is_finite() && micros > 0.0;
    let cost_micro_usd = known.then(|| micros.round() as u64);
    wharf_protocol::event::Usage { input, output, cache_read, cache_write, cost_micro_usd }
}
