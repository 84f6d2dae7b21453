//! Stand-ins for everything around the loop. All of them write into one log, so that a test sees the whole order.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]
#![allow(dead_code, reason = "each test file uses a part")]

mod face;
mod hooks;
mod model;
mod tools;

pub use face::{FakeApprover, FakeFace};
pub use hooks::FakeHooks;
pub use model::{FakeModel, Reply, asks, call, done, says, text};
pub use tools::FakeTools;

use std::sync::{Arc, Mutex};

use wharf_agent::{Agent, RunReport, Transcript};
use wharf_ports::approve::Approval;
use wharf_ports::call::CallContext;
use wharf_ports::clock::SystemClock;
use wharf_ports::hooks::{MessageDecision, Refusal, ToolDecision, TurnDecision};
use wharf_protocol::content::Content;
use wharf_protocol::event::Stop;
use wharf_protocol::id::ExtensionId;
use wharf_protocol::json::Json;

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

fn end(stop: Option<Stop>, error: Option<String>) -> String {
    let stop = stop.map_or("", Stop::as_str);
    error.map_or_else(|| stop.to_owned(), |error| format!("{stop}: {error}"))
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
