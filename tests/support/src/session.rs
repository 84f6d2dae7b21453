//! An agent, and what it told while it ran.

use std::path::PathBuf;
use std::time::Duration;

use tokio::time::timeout;
use wharf_protocol::content::Content;
use wharf_protocol::json::Json;
use wharf_protocol::tool::ToolOutput;
use wharf_runtime::ports::event::AgentEvent;
use wharf_runtime::ports::message::{Body, Message, ToolResult};
use wharf_runtime::{ApprovalMode, Builder, Config, Events, ModelChoice, Outcome, Run, Wharf};

use crate::Home;

/// How long anything is waited for. Far more than it takes.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// Chooses an agent. Without more it has the model `demo` and asks nothing.
pub struct SessionBuilder<'h> {
    home: &'h Home,
    builder: Builder,
}

impl<'h> SessionBuilder<'h> {
    pub(crate) fn new(home: &'h Home) -> Self {
        let config = Config::load(&home.places().config_file()).expect("config.toml can be read");
        let builder = Wharf::builder()
            .places(home.places())
            .cwd(home.project())
            .config(config)
            .approval(ApprovalMode::Auto);
        Self { home, builder }
    }

    /// The model says these lines; see [`script`](crate::script).
    #[must_use]
    pub fn script(self, lines: impl IntoIterator<Item = String>) -> Self {
        let file = script_file(self.home, lines);
        self.with(|builder| builder.model(ModelChoice::Script(file)))
    }

    /// Chooses anything else.
    #[must_use]
    pub fn with(self, choose: impl FnOnce(Builder) -> Builder) -> Self {
        Self { builder: choose(self.builder), ..self }
    }

    /// Starts it and waits until every extension has docked or failed.
    pub async fn start(self) -> Session {
        let session = self.start_at_once().await;
        timeout(DEADLINE, session.wharf.settled()).await.expect("the extensions dock or fail in time");
        session
    }

    /// Starts it and waits for nothing.
    pub async fn start_at_once(self) -> Session {
        let wharf =
            self.builder.build().await.unwrap_or_else(|error| panic!("the agent is not built: {error}"));
        Session { events: wharf.events(), wharf, seen: Vec::new() }
    }
}

/// Writes a script into the home.
#[must_use]
pub fn script_file(home: &Home, lines: impl IntoIterator<Item = String>) -> PathBuf {
    let text = lines.into_iter().collect::<Vec<_>>().join("\n");
    let file = home.path().join("script.jsonl");
    std::fs::write(&file, text).expect("the script is written");
    file
}

/// A running agent whose events are collected.
pub struct Session {
    wharf: Wharf,
    events: Events,
    seen: Vec<AgentEvent>,
}

impl Session {
    /// The agent.
    #[must_use]
    pub fn wharf(&self) -> &Wharf {
        &self.wharf
    }

    /// Takes up a prompt and waits for its end.
    pub async fn run(&mut self, prompt: &str) -> Transcript {
        let run = self.begin(prompt).await;
        self.finish(run).await
    }

    /// Takes up a prompt.
    pub async fn begin(&mut self, prompt: &str) -> Run {
        self.wharf.prompt(prompt).await
    }

    /// Waits for the end of a prompt. The transcript holds every event that no earlier one held.
    pub async fn finish(&mut self, run: Run) -> Transcript {
        let outcome = run.outcome();
        tokio::pin!(outcome);
        let ended = timeout(DEADLINE, async {
            loop {
                tokio::select! {
                    biased;
                    Some(event) = self.events.next() => self.seen.push(event),
                    outcome = &mut outcome => break outcome,
                }
            }
        });
        let ended = ended.await;
        self.collect();
        match ended {
            Ok(outcome) => Transcript { events: std::mem::take(&mut self.seen), outcome },
            Err(_) => panic!("the prompt did not end within {DEADLINE:?}; seen so far: {:#?}", self.seen),
        }
    }

    /// Waits for an event, also one that was seen in vain before, and returns what it is made into.
    pub async fn until<T>(&mut self, what: &str, wanted: impl Fn(&AgentEvent) -> Option<T>) -> T {
        if let Some(found) = self.seen.iter().find_map(&wanted) {
            return found;
        }
        let waiting = async {
            while let Some(event) = self.events.next().await {
                let found = wanted(&event);
                self.seen.push(event);
                if found.is_some() {
                    return found;
                }
            }
            None
        };
        match timeout(DEADLINE, waiting).await {
            Ok(Some(found)) => found,
            _ => panic!("{what} did not come; seen so far: {:#?}", self.seen),
        }
    }

    /// Forgets the events that were seen in vain and are of this kind; how many they are.
    pub fn forget_all(&mut self, kind: impl Fn(&AgentEvent) -> bool) -> usize {
        let before = self.seen.len();
        self.seen.retain(|event| !kind(event));
        before - self.seen.len()
    }

    /// Forgets the events that were seen so far: the next one that is waited for comes after them.
    pub fn forget(&mut self) {
        self.seen.clear();
    }

    /// Waits for the report of a problem that holds all of these words.
    pub async fn problem(&mut self, words: &[&str]) -> String {
        self.until(&format!("a problem with {words:?}"), |event| match event {
            AgentEvent::ExtFailed { message, .. } if words.iter().all(|word| message.contains(word)) => {
                Some(message.clone())
            }
            _ => None,
        })
        .await
    }

    /// The problems that were told and not yet taken by a transcript.
    pub fn problems(&mut self) -> Vec<String> {
        self.collect();
        problems(&self.seen)
    }

    /// The transcript as the model is shown it.
    pub async fn messages(&self) -> Vec<Message> {
        self.wharf.messages().await
    }

    /// The results of all tool calls, as the model is shown them.
    pub async fn results(&self) -> Vec<ToolResult> {
        let bodies = self.messages().await.into_iter().map(|message| message.body);
        let results = bodies.filter_map(|body| match body {
            Body::Tool(results) => Some(results),
            Body::User(_) | Body::Assistant(_) => None,
        });
        results.flatten().collect()
    }

    /// Ends the agent and its extensions. What they logged is on the disk then.
    pub async fn close(self) {
        timeout(DEADLINE, self.wharf.close()).await.expect("the agent ends in time");
    }

    fn collect(&mut self) {
        while let Some(event) = self.events.try_next() {
            self.seen.push(event);
        }
    }
}

/// What happened while a prompt was answered.
#[derive(Debug)]
pub struct Transcript {
    /// Every event, in order.
    pub events: Vec<AgentEvent>,
    /// How it ended.
    pub outcome: Outcome,
}

impl Transcript {
    /// The results of all tool calls, in order, each with the arguments that ran if they were rewritten.
    #[must_use]
    pub fn results(&self) -> Vec<(&ToolOutput, Option<&Json>)> {
        let results = self.events.iter().filter_map(|event| match event {
            AgentEvent::ToolResult { output, ran, .. } => Some((output, ran.as_ref())),
            _ => None,
        });
        results.collect()
    }

    /// The texts of the results, in order.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        self.results().iter().map(|(output, _)| output.joined_text()).collect()
    }

    /// What went wrong with extensions.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        problems(&self.events)
    }

    /// What users' messages said.
    #[must_use]
    pub fn user_texts(&self) -> Vec<String> {
        let messages = self.events.iter().filter_map(|event| match event {
            AgentEvent::UserMessage { content, .. } => {
                Some(content.iter().filter_map(Content::as_text).collect::<Vec<_>>().join("\n"))
            }
            _ => None,
        });
        messages.collect()
    }
}

fn problems(events: &[AgentEvent]) -> Vec<String> {
    let problems = events.iter().filter_map(|event| match event {
        AgentEvent::ExtFailed { message, .. } => Some(message.clone()),
        _ => None,
    });
    problems.collect()
}
