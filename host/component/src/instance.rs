//! A component as the dispatcher sees it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use wharf_extensions::backend::{Backend, Docking, ExtCall, Instance, Launch};
use wharf_extensions::error::{ExtError, Fault, Stage};
use wharf_extensions::extension::{Extension, Program};
use wharf_extensions::inbound::LogSource;
use wharf_extensions::limits::Deadlines;
use wharf_ports::call::Cause;
use wharf_protocol::command::CommandResult;
use wharf_protocol::event::Event;
use wharf_protocol::hook::{HookPoint, MessageVerdict, ToolVerdict, TurnVerdict};
use wharf_protocol::registration::Registration;
use wharf_protocol::tool::{ToolCall, ToolOutput};

use crate::call::{Berth, Budget, Entry, Live, Visit, describe};
use crate::convert;
use crate::engine::{self, Host};
use crate::guest::Guest;
use crate::lane::{Class, Lane};
use crate::load::{self, Exports};

/// How long `shutdown` may take.
const SHUTDOWN: Duration = Duration::from_secs(1);
/// Events that may wait for one instance.
const EVENTS: usize = 256;

/// Starts components. Making one costs nothing; the engine is made when the first component is started.
#[derive(Debug, Clone, Copy, Default)]
pub struct ComponentBackend;

#[async_trait]
impl Backend for ComponentBackend {
    fn deadlines(&self) -> Deadlines {
        Deadlines::STANDARD
    }

    fn data_directory(&self) -> Option<&'static str> {
        Some("/data")
    }

    async fn start(&self, extension: &Extension, launch: Launch) -> Result<Docking, ExtError> {
        let id = &extension.id;
        let Program::Component { file } = &extension.program else {
            return Err(Fault::invalid("it is not a component").at(id, Stage::Spawn));
        };
        let host = engine::host().map_err(|why| Fault::NotRunning { why }.at(id, Stage::Compile))?;
        let loaded = load::load(host, file).await.map_err(|(stage, fault)| fault.at(id, stage))?;
        let inbound = launch.inbound.clone();
        let starting = host.runtime.spawn(start(host, loaded, launch));
        let (live, registration) = starting
            .await
            .map_err(|error| Fault::other("starting it ended", error).at(id, Stage::Instantiate))?
            .map_err(|(stage, fault)| fault.at(id, stage))?;
        let berth =
            Arc::new(Berth { host, lane: Lane::new(live), inbound, ending: CancellationToken::new() });
        Ok(Docking {
            instance: Arc::new(Component::new(berth)),
            registration,
            deadlines: Deadlines::STANDARD,
        })
    }
}

/// Makes an instance and lets it introduce itself, within the deadline and the budget of a start.
async fn start(
    host: &'static Host,
    loaded: load::Loaded,
    launch: Launch,
) -> Result<(Box<Live>, Registration), (Stage, Fault)> {
    let limit = Deadlines::STANDARD.start;
    let deadline = Instant::now() + limit;
    let broken = |error: wasmtime::Error| Fault::invalid(format!("{error:#}"));
    let mut store = Guest::store(host, &launch.grants, launch.inbound.clone())
        .map_err(|error| (Stage::Instantiate, broken(error)))?;
    store.data_mut().call.deadline = deadline;
    store.set_hostcall_fuel(Budget::INIT.bytes);
    store.set_epoch_deadline(2);
    let params = convert::start(&launch.start);
    let work = async move {
        let exports = match loaded.instantiate(&mut store).await {
            Ok(exports) => exports,
            Err(error) => return Err((Stage::Instantiate, describe(&error, &store))),
        };
        let answer = match exports.lifecycle.call_init(&mut store, &params).await {
            Ok(answer) => answer,
            Err(error) => return Err((Stage::Start, describe(&error, &store))),
        };
        Ok((Box::new(Live { store, exports }), answer))
    };
    let metered = crate::call::Metered::new(host, Box::pin(work), Budget::INIT.cpu);
    let (live, answer) = tokio::select! {
        biased;
        ended = metered => match ended {
            Ok(Ok(done)) => done,
            Ok(Err(failed)) => return Err(failed),
            Err(fault) => return Err((Stage::Start, fault)),
        },
        () = sleep_until(deadline) => {
            return Err((Stage::Start, Fault::TimedOut { limit, while_busy: None }));
        }
    };
    let given =
        answer.map_err(|why| (Stage::Start, Fault::invalid(format!("it refused to start: {why}"))))?;
    let registration = convert::registration(given).map_err(|why| (Stage::Register, Fault::invalid(why)))?;
    check_exports(&registration, &live.exports).map_err(|why| (Stage::Register, Fault::invalid(why)))?;
    Ok((live, registration))
}

/// What is registered must be exported.
fn check_exports(registration: &Registration, exports: &Exports) -> Result<(), String> {
    let missing = |interface: &str| {
        Err(format!("it registers what it cannot do: it exports no wharf:extension/{interface}@0.1.0"))
    };
    if !registration.tools.is_empty() && exports.tools.is_none() {
        return missing("tools");
    }
    if !registration.commands.is_empty() && exports.commands.is_none() {
        return missing("commands");
    }
    if !registration.events.is_empty() && exports.events.is_none() {
        return missing("events");
    }
    for hook in &registration.hooks {
        let there = match hook.on {
            HookPoint::ToolCall => exports.hook_tool_call.is_some(),
            HookPoint::TurnStart => exports.hook_turn_start.is_some(),
            HookPoint::AssistantMessage => exports.hook_assistant_message.is_some(),
        };
        if !there {
            return missing(&format!("hook-{}", hook.on.as_str().replace('_', "-")));
        }
    }
    Ok(())
}

/// A running component.
struct Component {
    berth: Arc<Berth>,
    events: mpsc::Sender<(Arc<Event>, ExtCall)>,
    /// Events that wait in the queue: while there are any, the next one must queue too.
    queued: Arc<AtomicUsize>,
}

impl Component {
    fn new(berth: Arc<Berth>) -> Self {
        let (events, receiver) = mpsc::channel(EVENTS);
        let queued = Arc::new(AtomicUsize::new(0));
        berth.host.runtime.spawn(deliver_queued(berth.clone(), receiver, queued.clone()));
        Self { berth, events, queued }
    }

    async fn call<R: Send + 'static>(&self, visit: Visit<'_>, entry: Entry<R>) -> Result<R, ExtError> {
        let stage = visit.stage.clone();
        self.berth.call(visit, entry).await.map_err(|fault| fault.at(self.berth.inbound.extension(), stage))
    }

    fn visit<'a>(stage: Stage, class: Class, budget: Budget, cx: &'a ExtCall) -> Visit<'a> {
        Visit { class, stage, budget, cx }
    }
}

/// Delivers what could not be delivered at once, in order, until the extension is dropped.
async fn deliver_queued(
    berth: Arc<Berth>,
    mut events: mpsc::Receiver<(Arc<Event>, ExtCall)>,
    queued: Arc<AtomicUsize>,
) {
    while let Some((event, mut cx)) = events.recv().await {
        cx.deadline = Instant::now() + Deadlines::STANDARD.event;
        let visit = Component::visit(Stage::Event, Class::Event, Budget::EVENT, &cx);
        if let Err(fault) = berth.call(visit, event_entry(&event, &cx)).await {
            berth
                .inbound
                .log(LogSource::Host, &format!("event {} was not delivered: {fault}", event.topic()));
        }
        queued.fetch_sub(1, Ordering::AcqRel);
    }
}

fn event_entry(event: &Event, cx: &ExtCall) -> Entry<()> {
    let (event, context) = (convert::event(event), convert::context(cx));
    Box::new(move |live| {
        Box::pin(async move {
            match &live.exports.events {
                Some(events) => events.call_on_event(&mut live.store, &event, context).await,
                None => Ok(()),
            }
        })
    })
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
        let visit = Self::visit(Stage::Tool(call.name.clone()), Class::Call, Budget::TOOL, cx);
        let (given, context) = (convert::tool_call(call), convert::context(cx));
        let output = self.call(visit, entry!(tools.call_call(&given, context))).await?;
        output.map(convert::tool_output).ok_or_else(|| self.not_exported(Stage::Tool(call.name.clone())))
    }

    async fn run_command(&self, name: &str, args: &str, cx: &ExtCall) -> Result<CommandResult, ExtError> {
        let visit = Self::visit(Stage::Command(name.to_owned()), Class::Call, Budget::COMMAND, cx);
        let (command, text, context) = (name.to_owned(), args.to_owned(), convert::context(cx));
        let outcome = self.call(visit, entry!(commands.call_run(&command, &text, context))).await?;
        outcome
            .map(|result| result.map(convert::outcome))
            .ok_or_else(|| self.not_exported(Stage::Command(name.to_owned())))
    }

    async fn on_tool_call(&self, call: &ToolCall, cx: &ExtCall) -> Result<ToolVerdict, ExtError> {
        let stage = Stage::Hook(HookPoint::ToolCall);
        let visit = Self::visit(stage.clone(), Class::Hook, Budget::HOOK, cx);
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
        let visit = Self::visit(stage.clone(), Class::Hook, Budget::HOOK, cx);
        let context = convert::context(cx);
        let verdict = self.call(visit, entry!(hook_turn_start.call_on_turn_start(step, context))).await?;
        verdict.map(convert::turn_verdict).ok_or_else(|| self.not_exported(stage))
    }

    async fn on_assistant_message(&self, text: &str, cx: &ExtCall) -> Result<MessageVerdict, ExtError> {
        let stage = Stage::Hook(HookPoint::AssistantMessage);
        let visit = Self::visit(stage.clone(), Class::Hook, Budget::HOOK, cx);
        let (text, context) = (text.to_owned(), convert::context(cx));
        let verdict = self
            .call(visit, entry!(hook_assistant_message.call_on_assistant_message(&text, context)))
            .await?;
        verdict.map(convert::message_verdict).ok_or_else(|| self.not_exported(stage))
    }

    fn deliver(&self, event: &Arc<Event>, cx: &ExtCall) {
        if self.queued.load(Ordering::Acquire) == 0 {
            let visit = Self::visit(Stage::Event, Class::Event, Budget::EVENT, cx);
            if self.berth.call_if_free(&visit, event_entry(event, cx)).is_ok() {
                return;
            }
        }
        self.queued.fetch_add(1, Ordering::AcqRel);
        if self.events.try_send((event.clone(), cx.clone())).is_err() {
            self.queued.fetch_sub(1, Ordering::AcqRel);
            let text = format!("event {} was dropped: {EVENTS} are waiting already", event.topic());
            self.berth.inbound.log(LogSource::Host, &text);
        }
    }

    async fn stop(&self) {
        self.berth.lane.end(Fault::NotRunning { why: "it was stopped".to_owned() });
        self.berth.ending.cancel();
        let cx = ExtCall {
            deadline: Instant::now() + SHUTDOWN,
            cancel: CancellationToken::new(),
            cause: Cause::human(),
            grants: Arc::default(),
        };
        let visit = Self::visit(Stage::Stop, Class::Control, Budget::SHUTDOWN, &cx);
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

impl Component {
    fn not_exported(&self, stage: Stage) -> ExtError {
        let what = "it was asked for something that it does not export".to_owned();
        Fault::Protocol { what }.at(self.berth.inbound.extension(), stage)
    }
}
