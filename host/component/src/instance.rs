//! A component as the dispatcher sees it.

mod events;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use wharf_extensions::backend::{ExtCall, Instance};
use wharf_extensions::error::{ExtError, Fault, Stage};
use wharf_extensions::inbound::LogSource;
use wharf_ports::call::Cause;
use wharf_protocol::command::CommandResult;
use wharf_protocol::event::Event;
use wharf_protocol::hook::{
    Compaction, CompactionVerdict, HookPoint, MessageVerdict, Prompt, PromptVerdict, ResultVerdict,
    ToolReport, ToolVerdict, TurnVerdict,
};
use wharf_protocol::tool::{ToolCall, ToolOutput};

use crate::call::{Berth, Entry, Live, Visit};
use crate::convert;
use crate::lane::Class;
use events::{EVENTS, Queued, deliver_queued, event_entry};

/// How long its end may wait for the events that it has been handed.
const LAST_EVENTS: Duration = Duration::from_millis(500);

/// A running component.
pub(crate) struct Component {
    berth: Arc<Berth>,
    events: mpsc::Sender<Queued>,
    /// Events that wait in the queue: while there are any, the next one must queue too.
    queued: Arc<AtomicUsize>,
    /// Events that were dropped since the last one that was taken.
    dropped: AtomicU32,
}

impl Component {
    pub(crate) fn new(berth: Arc<Berth>, event: Duration) -> Self {
        let (events, receiver) = mpsc::channel(EVENTS);
        let queued = Arc::new(AtomicUsize::new(0));
        berth.host.runtime.spawn(deliver_queued(berth.clone(), event, receiver, queued.clone()));
        Self { berth, events, queued, dropped: AtomicU32::new(0) }
    }

    async fn call<R: Send + 'static>(&self, visit: Visit<'_>, entry: Entry<R>) -> Result<R, ExtError> {
        let stage = visit.stage.clone();
        self.berth.call(visit, entry).await.map_err(|fault| fault.at(self.berth.inbound.extension(), stage))
    }

    fn not_exported(&self, stage: Stage) -> ExtError {
        let what = "it was asked for something that it does not export".to_owned();
        Fault::Protocol { what }.at(self.berth.inbound.extension(), stage)
    }
}

/// A call of an optional export: `entry!(tools.call_call(&call, context))`.
macro_rules! entry {
    ($interface:ident . $method:ident ( $($arg:expr),* )) => {
        Box::new(move |live: &mut Live| Box::pin(async move {
            match &live.exports.$interface {
                Some(exports) => exports.$method(&mut live.store, $($arg),*).await.map(Some),
                None => Ok(None),
            }
        }))
    };
}

#[async_trait]
impl Instance for Component {
    async fn call_tool(&self, call: &ToolCall, cx: &ExtCall) -> Result<ToolOutput, ExtError> {
        let visit = Visit { stage: Stage::Tool(call.name.clone()), cx };
        let (given, context) = (convert::tool_call(call), convert::context(cx));
        let output = self.call(visit, entry!(tools.call_call(&given, context))).await?;
        output.map(convert::tool_output).ok_or_else(|| self.not_exported(Stage::Tool(call.name.clone())))
    }

    async fn run_command(&self, name: &str, args: &str, cx: &ExtCall) -> Result<CommandResult, ExtError> {
        let visit = Visit { stage: Stage::Command(name.to_owned()), cx };
        let (command, text, context) = (name.to_owned(), args.to_owned(), convert::context(cx));
        let outcome = self.call(visit, entry!(commands.call_run(&command, &text, context))).await?;
        outcome
            .map(|result| result.map(convert::outcome))
            .ok_or_else(|| self.not_exported(Stage::Command(name.to_owned())))
    }

    async fn on_tool_call(&self, call: &ToolCall, cx: &ExtCall) -> Result<ToolVerdict, ExtError> {
        let stage = Stage::Hook(HookPoint::ToolCall);
        let visit = Visit { stage: stage.clone(), cx };
        let (given, context) = (convert::tool_call(call), convert::context(cx));
        let verdict = self.call(visit, entry!(hook_tool_call.call_on_tool_call(&given, context))).await?;
        let verdict = verdict.ok_or_else(|| self.not_exported(stage.clone()))?;
        convert::tool_verdict(verdict).map_err(|error| {
            let what = format!("the rewritten arguments are not JSON: {error}");
            Fault::Protocol { what }.at(self.berth.inbound.extension(), stage)
        })
    }

    async fn on_turn_start(&self, step: u32, cx: &ExtCall) -> Result<TurnVerdict, ExtError> {
        let stage = Stage::Hook(HookPoint::TurnStart);
        let visit = Visit { stage: stage.clone(), cx };
        let context = convert::context(cx);
        let verdict = self.call(visit, entry!(hook_turn_start.call_on_turn_start(step, context))).await?;
        verdict.map(convert::turn_verdict).ok_or_else(|| self.not_exported(stage))
    }

    async fn on_assistant_message(&self, text: &str, cx: &ExtCall) -> Result<MessageVerdict, ExtError> {
        let stage = Stage::Hook(HookPoint::AssistantMessage);
        let visit = Visit { stage: stage.clone(), cx };
        let (text, context) = (text.to_owned(), convert::context(cx));
        let verdict = self
            .call(visit, entry!(hook_assistant_message.call_on_assistant_message(&text, context)))
            .await?;
        verdict.map(convert::message_verdict).ok_or_else(|| self.not_exported(stage))
    }

    async fn on_prompt(&self, prompt: &Prompt, cx: &ExtCall) -> Result<PromptVerdict, ExtError> {
        let stage = Stage::Hook(HookPoint::Prompt);
        let visit = Visit { stage: stage.clone(), cx };
        let (given, context) = (convert::prompt(prompt), convert::context(cx));
        let verdict = self.call(visit, entry!(hook_prompt.call_on_prompt(&given, context))).await?;
        verdict.map(convert::prompt_verdict).ok_or_else(|| self.not_exported(stage))
    }

    async fn on_tool_result(&self, report: &ToolReport, cx: &ExtCall) -> Result<ResultVerdict, ExtError> {
        let stage = Stage::Hook(HookPoint::ToolResult);
        let visit = Visit { stage: stage.clone(), cx };
        let (call, output) = (convert::tool_call(&report.call), convert::output(&report.output));
        let context = convert::context(cx);
        let verdict =
            self.call(visit, entry!(hook_tool_result.call_on_tool_result(&call, &output, context))).await?;
        verdict.map(convert::result_verdict).ok_or_else(|| self.not_exported(stage))
    }

    async fn on_compaction(
        &self,
        compaction: &Compaction,
        cx: &ExtCall,
    ) -> Result<CompactionVerdict, ExtError> {
        let stage = Stage::Hook(HookPoint::Compaction);
        let visit = Visit { stage: stage.clone(), cx };
        let (given, context) = (convert::compaction(compaction), convert::context(cx));
        let verdict = self.call(visit, entry!(hook_compaction.call_on_compaction(&given, context))).await?;
        verdict.map(convert::compaction_verdict).ok_or_else(|| self.not_exported(stage))
    }

    fn deliver(&self, event: &Arc<Event>, cx: &ExtCall) {
        if self.queued.load(Ordering::Acquire) == 0 && self.dropped.load(Ordering::Acquire) == 0 {
            let visit = Visit { stage: Stage::Event, cx };
            if self.berth.call_if_free(&visit, event_entry(event, cx)).is_ok() {
                return;
            }
        }
        if !(self.tell_dropped(cx) && self.queue(event.clone(), cx)) {
            self.dropped.fetch_add(1, Ordering::AcqRel);
            let text = format!("event {} was dropped: {EVENTS} are waiting already", event.topic());
            self.berth.inbound.log(LogSource::Host, &text);
        }
    }

    async fn quiesce(&self, deadline: Instant) {
        let (reached, mark) = oneshot::channel();
        let queue = async {
            if self.events.send(Queued::Mark(reached)).await.is_ok() {
                _ = mark.await;
            }
        };
        // What is not delivered by then is told in the log.
        _ = timeout_at(deadline, queue).await;
        // An event that found the instance free may still be in it.
        let nobody = CancellationToken::new();
        if let Ok(live) = self.berth.lane.enter(Class::Control, "its last event", deadline, &nobody).await {
            self.berth.lane.leave(live);
        }
    }

    async fn stop(&self) {
        // What it was told last has to reach it, if it is not stuck.
        self.quiesce(Instant::now() + LAST_EVENTS).await;
        self.berth.lane.end(Fault::NotRunning { why: "it was stopped".to_owned() });
        self.berth.ending.cancel();
        let cx = ExtCall {
            deadline: Instant::now() + self.berth.limits.shutdown_wall,
            cancel: CancellationToken::new(),
            cause: Cause::human(),
            grants: Arc::default(),
            patience: None,
            progress: None,
        };
        let visit = Visit { stage: Stage::Stop, cx: &cx };
        let entry: Entry<()> = Box::new(|live| {
            Box::pin(async move { live.exports.lifecycle.call_shutdown(&mut live.store).await })
        });
        if let Err(fault) = self.berth.call(visit, entry).await {
            let error = fault.at(self.berth.inbound.extension(), Stage::Stop);
            self.berth.inbound.log(LogSource::Host, &error.to_string());
        }
        self.berth.lane.close(Fault::NotRunning { why: "it was stopped".to_owned() });
    }
}
