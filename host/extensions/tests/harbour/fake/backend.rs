//! The backend that fakes are started by, and their instances.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tokio::sync::Semaphore;
use wharf_extensions::backend::{Backend, Docking, ExtCall, Instance, Launch};
use wharf_extensions::error::{ExtError, Fault, Stage};
use wharf_extensions::extension::Extension;
use wharf_extensions::limits::Deadlines;
use wharf_protocol::command::{CommandResult, Outcome};
use wharf_protocol::event::Event;
use wharf_protocol::hook::{
    Compaction, CompactionVerdict, HookPoint, MessageVerdict, Prompt, PromptVerdict, ResultVerdict,
    ToolReport, ToolVerdict, TurnVerdict,
};
use wharf_protocol::tool::{ToolCall, ToolOutput};

use super::{Answer, Fake};

pub struct FakeBackend {
    pub fakes: Arc<Mutex<Vec<Fake>>>,
    pub seen: Arc<Mutex<Vec<String>>>,
}

#[async_trait]
impl Backend for FakeBackend {
    fn deadlines(&self, _: &Extension) -> Deadlines {
        Deadlines::STANDARD
    }

    fn data_directory(&self) -> Option<&'static str> {
        None
    }

    async fn start(&self, extension: &Extension, launch: Launch) -> Result<Docking, ExtError> {
        let fake = named(&self.fakes.lock().unwrap(), extension.id.as_str());
        fake.inbound.lock().unwrap().push(launch.inbound);
        let start = fake.starts.fetch_add(1, Ordering::SeqCst) + 1;
        if fake.fails.as_ref().is_some_and(|fails| fails.contains(&start)) {
            return Err(Fault::invalid("it does not want to").at(&extension.id, Stage::Start));
        }
        pass(&fake.starting).await;
        let registration = fake.registration.clone();
        let instance =
            Arc::new(FakeInstance { extension: extension.clone(), start, fake, seen: self.seen.clone() });
        Ok(Docking { instance, registration, deadlines: Deadlines::STANDARD })
    }
}

pub fn named(fakes: &[Fake], name: &str) -> Fake {
    fakes.iter().find(|fake| fake.name == name).unwrap().clone()
}

async fn pass(permits: &Option<Arc<Semaphore>>) {
    if let Some(permits) = permits {
        permits.acquire().await.unwrap().forget();
    }
}

struct FakeInstance {
    extension: Extension,
    start: u32,
    fake: Fake,
    seen: Arc<Mutex<Vec<String>>>,
}

impl FakeInstance {
    fn see(&self, what: &str) {
        self.seen.lock().unwrap().push(format!("{}{} {what}", self.extension.id, self.fake.version));
    }

    /// Crashes, hangs until the deadline or the cancellation, or goes on.
    async fn suffer(&self, stage: Stage, cx: &ExtCall) -> Result<(), ExtError> {
        if self.fake.shut.load(Ordering::SeqCst) == self.start {
            self.see("turned away");
            return Err(Fault::NotRunning { why: "it is shut".into() }.at(&self.extension.id, stage));
        }
        let fault = match self.fake.answer {
            Answer::Crash => Fault::Died { how: "it trapped: on purpose".into() },
            Answer::Never => {
                let limit = cx.deadline.saturating_duration_since(tokio::time::Instant::now());
                tokio::select! {
                    () = cx.cancel.cancelled() => Fault::Cancelled,
                    () = tokio::time::sleep_until(cx.deadline) => Fault::TimedOut { limit, while_busy: None },
                }
            }
            _ => return Ok(()),
        };
        Err(fault.at(&self.extension.id, stage))
    }
}

#[async_trait]
impl Instance for FakeInstance {
    async fn call_tool(&self, call: &ToolCall, cx: &ExtCall) -> Result<ToolOutput, ExtError> {
        self.suffer(Stage::Tool(call.name.clone()), cx).await?;
        self.fake.calls.fetch_add(1, Ordering::SeqCst);
        pass(&self.fake.calling).await;
        Ok(ToolOutput::text(format!("{}{} ran", call.name, self.fake.version)))
    }

    async fn run_command(&self, name: &str, _: &str, cx: &ExtCall) -> Result<CommandResult, ExtError> {
        self.suffer(Stage::Command(name.into()), cx).await?;
        Ok(Ok(Outcome::Noop))
    }

    async fn on_tool_call(&self, call: &ToolCall, cx: &ExtCall) -> Result<ToolVerdict, ExtError> {
        self.see(call.args.as_str());
        self.suffer(Stage::Hook(HookPoint::ToolCall), cx).await?;
        let Answer::Tool(verdict) = &self.fake.answer else { return Ok(ToolVerdict::Pass) };
        Ok(verdict.clone())
    }

    async fn on_turn_start(&self, step: u32, cx: &ExtCall) -> Result<TurnVerdict, ExtError> {
        self.see(&format!("turn {step}"));
        self.suffer(Stage::Hook(HookPoint::TurnStart), cx).await?;
        let Answer::Turn(verdict) = &self.fake.answer else { return Ok(TurnVerdict::Pass) };
        Ok(verdict.clone())
    }

    async fn on_assistant_message(&self, text: &str, cx: &ExtCall) -> Result<MessageVerdict, ExtError> {
        self.see(text);
        self.suffer(Stage::Hook(HookPoint::AssistantMessage), cx).await?;
        let Answer::Message(verdict) = &self.fake.answer else { return Ok(MessageVerdict::Pass) };
        Ok(verdict.clone())
    }

    async fn on_prompt(&self, prompt: &Prompt, cx: &ExtCall) -> Result<PromptVerdict, ExtError> {
        self.see(&prompt.text);
        self.suffer(Stage::Hook(HookPoint::Prompt), cx).await?;
        let Answer::Prompt(verdict) = &self.fake.answer else { return Ok(PromptVerdict::Pass) };
        Ok(verdict.clone())
    }

    async fn on_tool_result(&self, report: &ToolReport, cx: &ExtCall) -> Result<ResultVerdict, ExtError> {
        self.see(&report.output.joined_text());
        self.suffer(Stage::Hook(HookPoint::ToolResult), cx).await?;
        let Answer::Result(verdict) = &self.fake.answer else { return Ok(ResultVerdict::Pass) };
        Ok(verdict.clone())
    }

    async fn on_compaction(&self, it: &Compaction, cx: &ExtCall) -> Result<CompactionVerdict, ExtError> {
        self.see(&format!("compaction of {}", it.messages));
        self.suffer(Stage::Hook(HookPoint::Compaction), cx).await?;
        let Answer::Compaction(verdict) = &self.fake.answer else { return Ok(CompactionVerdict::Pass) };
        Ok(verdict.clone())
    }

    fn deliver(&self, event: &Arc<Event>, _: &ExtCall) {
        self.see(&format!("event {}", event.topic()));
    }

    async fn stop(&self) {
        self.fake.stops.fetch_add(1, Ordering::SeqCst);
    }
}
