//! Stand-ins for everything around the loop. All of them write into one log, so that a test sees the whole order.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]
#![allow(dead_code, reason = "each test file uses a part")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream;
use wharf_agent::{Agent, RunReport, Transcript};
use wharf_ports::approve::{Approval, ApprovalRequest, Approver};
use wharf_ports::call::{CallContext, Cause};
use wharf_ports::clock::SystemClock;
use wharf_ports::event::{AgentEvent, EventSink};
use wharf_ports::hooks::{
    CompactionDecision, Fits, Hooks, MessageDecision, PromptDecision, Refusal, ToolDecision, TurnDecision,
};
use wharf_ports::model::{Model, ModelError, ModelEvent, ModelName, ModelRequest, ModelStream, Usage};
use wharf_ports::tool::{Progress, ResolvedTool, ToolSource, Toolbox};
use wharf_protocol::content::Content;
use wharf_protocol::event::{Event, Stop};
use wharf_protocol::hook::{Compaction, Prompt};
use wharf_protocol::id::ExtensionId;
use wharf_protocol::json::Json;
use wharf_protocol::tool::{ToolCall, ToolOutput, ToolSpec};

/// What happened, in order.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub fn add(&self, line: impl Into<String>) {
        self.0.lock().unwrap().push(line.into());
    }

    pub fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    /// The lines of one kind, without the kind.
    pub fn of(&self, kind: &str) -> Vec<String> {
        self.lines()
            .iter()
            .filter_map(|line| line.strip_prefix(kind))
            .map(|rest| rest.trim().to_owned())
            .collect()
    }
}

pub type Reply = Result<Vec<Result<ModelEvent, ModelError>>, ModelError>;

/// Answers with what it was given, one reply for each call; an answer without an end hangs.
pub struct FakeModel {
    pub log: Log,
    pub replies: Mutex<VecDeque<Reply>>,
    /// Whether an answer that is used up ends the stream; otherwise the stream hangs.
    pub ends: bool,
}

#[async_trait]
impl Model for FakeModel {
    fn name(&self) -> ModelName {
        ModelName { provider: "fake".to_owned(), model: "fake".to_owned() }
    }

    async fn stream(&self, _: ModelRequest<'_>, _: &CallContext) -> Result<ModelStream, ModelError> {
        self.log.add("model");
        let events = self.replies.lock().unwrap().pop_front().expect("one model call too many")?;
        let events = stream::iter(events);
        Ok(if self.ends { events.boxed() } else { events.chain(stream::pending()).boxed() })
    }
}

pub fn text(text: &str) -> Result<ModelEvent, ModelError> {
    Ok(ModelEvent::Text(text.to_owned()))
}

pub fn call(id: &str, name: &str, args: &str) -> Vec<Result<ModelEvent, ModelError>> {
    let id = id.to_owned();
    vec![
        Ok(ModelEvent::ToolStart { id: id.clone(), name: name.to_owned() }),
        Ok(ModelEvent::ToolArgs { id: id.clone(), delta: args.to_owned() }),
        Ok(ModelEvent::ToolEnd { id }),
    ]
}

pub fn done(stop: Stop) -> Result<ModelEvent, ModelError> {
    Ok(ModelEvent::Done { stop, usage: Usage { input: 10, output: 2, ..Usage::default() } })
}

pub fn says(words: &str) -> Reply {
    Ok(vec![text(words), done(Stop::End)])
}

pub fn asks(name: &str, args: &str) -> Reply {
    let mut events = call("t1", name, args);
    events.push(done(Stop::ToolUse));
    Ok(events)
}

/// Has `echo`, whose arguments must hold `text`, and `hang`, which ends only when cancelled.
pub struct FakeTools {
    pub log: Log,
}

impl Toolbox for FakeTools {
    fn specs(&self) -> Vec<Arc<ToolSpec>> {
        ["echo", "hang"].iter().filter_map(|name| self.resolve(name)).map(|tool| tool.spec()).collect()
    }

    fn resolve(&self, name: &str) -> Option<Box<dyn ResolvedTool>> {
        let known = matches!(name, "echo" | "hang");
        let spec = || Arc::new(ToolSpec::new(name, "", Json::empty_object()));
        known.then(|| Box::new(FakeTool { log: self.log.clone(), spec: spec() }) as _)
    }
}

struct FakeTool {
    log: Log,
    spec: Arc<ToolSpec>,
}

#[async_trait]
impl ResolvedTool for FakeTool {
    fn spec(&self) -> Arc<ToolSpec> {
        self.spec.clone()
    }

    fn source(&self) -> ToolSource {
        ToolSource::Builtin
    }

    fn check(&self, args: &Json) -> Result<(), String> {
        self.log.add(format!("check {args}"));
        if args.as_str().contains("bad") { Err("bad is bad".to_owned()) } else { Ok(()) }
    }

    async fn call(&self, call: &ToolCall, progress: &dyn Progress, cx: &CallContext) -> ToolOutput {
        self.log.add(format!("run {} {}", call.name, call.args));
        progress.output("working");
        if call.name == "hang" {
            cx.cancel.cancelled().await;
            return ToolOutput::error("interrupted");
        }
        ToolOutput::text(format!("ran {}", call.args))
    }
}

/// Decides as it was told.
pub struct FakeHooks {
    pub log: Log,
    pub turn: TurnDecision,
    pub message: MessageDecision,
    pub tool: ToolDecision,
}

#[async_trait]
impl Hooks for FakeHooks {
    async fn before_prompt(&self, _: &Prompt, _: &CallContext) -> PromptDecision {
        PromptDecision::Go(None)
    }

    async fn before_compaction(&self, _: &Compaction, _: &CallContext) -> CompactionDecision {
        CompactionDecision::Go
    }

    async fn before_turn(&self, step: u32, _: &CallContext) -> TurnDecision {
        self.log.add(format!("hook turn_start {step}"));
        self.turn.clone()
    }

    async fn before_message(&self, text: &str, _: &CallContext) -> MessageDecision {
        self.log.add(format!("hook assistant_message {text:?}"));
        self.message.clone()
    }

    async fn before_tool(&self, call: &ToolCall, _: Fits<'_>, _: &CallContext) -> ToolDecision {
        self.log.add(format!("hook tool_call {} {}", call.name, call.args));
        self.tool.clone()
    }

    async fn after_tool(&self, call: &ToolCall, output: ToolOutput, _: &CallContext) -> ToolOutput {
        self.log.add(format!("hook tool_result {} {:?}", call.args, output.joined_text()));
        output
    }

    fn publish(&self, event: Event, _: Cause) {
        self.log.add(match event {
            Event::SessionStart => "ext session_start".to_owned(),
            Event::TurnStart { step } => format!("ext turn_start {step}"),
            Event::AssistantMessage { text } => format!("ext assistant_message {text:?}"),
            Event::ToolCall { name, args, .. } => format!("ext tool_call {name} {args}"),
            Event::TurnEnd { stop, error } => format!("ext turn_end {}", end(stop, error)),
            Event::ToolResult { name, output, .. } => {
                format!("ext tool_result {name} {:?}", output.joined_text())
            }
            Event::Usage(usage) => format!("ext usage {}", usage.input),
            Event::PromptEnd { status, .. } => format!("ext prompt_end {}", status.as_str()),
            other => format!("ext {}", other.topic()),
        });
    }
}

fn end(stop: Option<Stop>, error: Option<String>) -> String {
    let stop = stop.map_or("", Stop::as_str);
    error.map_or_else(|| stop.to_owned(), |error| format!("{stop}: {error}"))
}

pub struct FakeApprover {
    pub log: Log,
    pub answer: Approval,
}

#[async_trait]
impl Approver for FakeApprover {
    async fn approve(&self, request: ApprovalRequest<'_>, _: &CallContext) -> Approval {
        self.log.add(format!("approve {} {}", request.call.name, request.call.args));
        self.answer.clone()
    }
}

/// A face. It presses Esc when it sees a certain line.
pub struct FakeFace {
    pub log: Log,
    pub esc_at: Option<&'static str>,
    pub cx: CallContext,
}

#[async_trait]
impl EventSink for FakeFace {
    async fn emit(&self, event: AgentEvent) {
        let line = format!("face {}", show(event));
        if self.esc_at.is_some_and(|at| line.contains(at)) {
            self.cx.cancel.cancel();
        }
        self.log.add(line);
    }

    fn emit_now(&self, event: AgentEvent) {
        let line = format!("face {}", show(event));
        if self.esc_at.is_some_and(|at| line.contains(at)) {
            self.cx.cancel.cancel();
        }
        self.log.add(line);
    }
}

fn show(event: AgentEvent) -> String {
    match event {
        AgentEvent::UserMessage { .. } => "user_message".to_owned(),
        AgentEvent::TurnStart { step } => format!("turn_start {step}"),
        AgentEvent::AssistantStart => "assistant_start".to_owned(),
        AgentEvent::TextDelta(text) => format!("text {text:?}"),
        AgentEvent::ThinkingDelta(text) => format!("thinking {text:?}"),
        AgentEvent::ToolUseStart { name, .. } => format!("tool_use_start {name}"),
        AgentEvent::ToolUseArgs { delta, .. } => format!("tool_use_args {delta}"),
        AgentEvent::ToolUseEnd { .. } => "tool_use_end".to_owned(),
        AgentEvent::Usage { call, total } => format!("usage {} {}", call.input, total.input),
        AgentEvent::AssistantMessage { blocks, replaced, .. } => {
            format!("assistant_message {}{}", blocks.len(), if replaced { " replaced" } else { "" })
        }
        AgentEvent::MessageHidden { by, reason } => format!("hidden {by}: {reason}"),
        AgentEvent::ToolCall { name, args, .. } => format!("tool_call {name} {args}"),
        AgentEvent::TurnEnd { stop, error } => format!("turn_end {}", end(stop, error)),
        AgentEvent::ToolProgress { text, .. } => format!("progress {text}"),
        AgentEvent::ToolResult { output, ran, .. } => {
            let kind = if output.is_error { "error" } else { "ok" };
            let ran = ran.map_or_else(String::new, |args| format!(" ran {args}"));
            format!("tool_result {kind} {:?}{ran}", output.joined_text())
        }
        AgentEvent::Error { message } => format!("error {message}"),
        AgentEvent::Done => "done".to_owned(),
        other => format!("{other:?}"),
    }
}

/// A whole stage; change what a test is about, then [`Stage::run`].
pub struct Stage {
    pub log: Log,
    pub replies: Vec<Reply>,
    pub ends: bool,
    pub turn: TurnDecision,
    pub message: MessageDecision,
    pub tool: ToolDecision,
    pub approval: Approval,
    pub esc_at: Option<&'static str>,
    pub max_steps: Option<u32>,
}

impl Stage {
    pub fn new(replies: Vec<Reply>) -> Self {
        Self {
            log: Log::default(),
            replies,
            ends: false,
            turn: TurnDecision::Go,
            message: MessageDecision::Show,
            tool: ToolDecision::Run(None),
            approval: Approval::Yes,
            esc_at: None,
            max_steps: None,
        }
    }

    pub async fn run(self) -> (Log, RunReport, Transcript) {
        let log = self.log.clone();
        let cx = CallContext::human(tokio_util::sync::CancellationToken::new());
        let model = FakeModel { log: log.clone(), replies: Mutex::new(self.replies.into()), ends: self.ends };
        let agent = Agent {
            model: std::sync::RwLock::new(Arc::new(model)),
            tools: Arc::new(FakeTools { log: log.clone() }),
            hooks: Arc::new(FakeHooks {
                log: log.clone(),
                turn: self.turn,
                message: self.message,
                tool: self.tool,
            }),
            approver: Arc::new(FakeApprover { log: log.clone(), answer: self.approval }),
            events: Arc::new(FakeFace { log: log.clone(), esc_at: self.esc_at, cx: cx.clone() }),
            clock: Arc::new(SystemClock),
            system: String::new(),
            max_steps: self.max_steps,
        };
        let mut transcript = Transcript::default();
        let report = agent.run(&mut transcript, vec![Content::text("go")], None, &cx).await;
        (log, report, transcript)
    }
}

pub fn refusal(reason: &str) -> Refusal {
    Refusal { by: ExtensionId::new("guard").unwrap(), reason: reason.to_owned() }
}

pub fn json(text: &str) -> Json {
    Json::new(text).unwrap()
}
