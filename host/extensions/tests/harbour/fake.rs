//! A backend without anything behind it, and a harbour full of its extensions.

use std::ops::RangeFrom;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use wharf_extensions::backend::{Backend, Docking, ExtCall, Instance, Launch};
use wharf_extensions::discovery::{Discovery, Places};
use wharf_extensions::dispatcher::Dispatcher;
use wharf_extensions::error::{ExtError, Fault, Stage};
use wharf_extensions::extension::{Extension, Origin, Program};
use wharf_extensions::history::{History, Recollection};
use wharf_extensions::inbound::Inbound;
use wharf_extensions::journal::Journal;
use wharf_extensions::lifecycle::{Backends, Extensions, Setup};
use wharf_extensions::limits::{Deadlines, Limits, LogLimits};
use wharf_extensions::manifest::Manifest;
use wharf_extensions::registry::Reserved;
use wharf_extensions::reload::{Change, Which, summary};
use wharf_extensions::reporter::Reporter;
use wharf_extensions::requests::Requests;
use wharf_extensions::toolbox::{AllTools, Builtins};
use wharf_ports::call::CallContext;
use wharf_ports::event::{AgentEvent, EventSink};
use wharf_ports::hooks::{Hooks as _, ToolDecision};
use wharf_ports::tool::Toolbox as _;
use wharf_protocol::command::{CommandResult, Outcome};
use wharf_protocol::event::Event;
use wharf_protocol::hook::{
    Compaction, CompactionVerdict, HookPoint, MessageVerdict, Prompt, PromptVerdict, ResultVerdict,
    ToolReport, ToolVerdict, TurnVerdict,
};
use wharf_protocol::json::Json;
use wharf_protocol::registration::{Registration, Start};
use wharf_protocol::tool::{ToolCall, ToolOutput};

/// What a fake answers to everything.
#[derive(Clone)]
pub enum Answer {
    Tool(ToolVerdict),
    Turn(TurnVerdict),
    Message(MessageVerdict),
    Prompt(PromptVerdict),
    Result(ResultVerdict),
    Compaction(CompactionVerdict),
    Crash,
    Never,
}

/// A fake extension.
#[derive(Clone)]
pub struct Fake {
    name: String,
    manifest: Manifest,
    registration: Registration,
    answer: Answer,
    /// The starts that fail, counted from 1.
    fails: Option<RangeFrom<u32>>,
    /// It is a component in this file.
    file: Option<PathBuf>,
    starts: Arc<AtomicU32>,
    /// The start whose instance lets nobody in any more.
    shut: Arc<AtomicU32>,
    /// What it adds to what it says, so that versions can be told apart.
    version: &'static str,
    /// Each start takes a permit, if there is one to be had.
    starting: Option<Arc<Semaphore>>,
    /// Each tool call takes a permit, if there is one to be had.
    calling: Option<Arc<Semaphore>>,
    calls: Arc<AtomicU32>,
    stops: Arc<AtomicU32>,
    inbound: Arc<Mutex<Vec<Inbound>>>,
}

impl Fake {
    pub fn new(name: &str) -> Self {
        let manifest = Manifest { name: name.into(), ..Manifest::default() };
        Self {
            name: name.into(),
            manifest,
            registration: Registration::new(),
            answer: Answer::Tool(ToolVerdict::Pass),
            fails: None,
            file: None,
            starts: Arc::default(),
            shut: Arc::default(),
            version: "",
            starting: None,
            calling: None,
            calls: Arc::default(),
            stops: Arc::default(),
            inbound: Arc::default(),
        }
    }

    pub fn registers(mut self, registration: Registration) -> Self {
        self.registration = registration;
        self
    }

    pub fn answers(mut self, answer: Answer) -> Self {
        self.answer = answer;
        self
    }

    pub fn manifest(mut self, text: &[u8]) -> Self {
        self.manifest = Manifest::read(text, Path::new("extension.json")).unwrap().manifest;
        self
    }

    pub fn fails(self) -> Self {
        self.fails_from(1)
    }

    pub fn fails_from(mut self, start: u32) -> Self {
        self.fails = Some(start..);
        self
    }

    pub fn version(mut self, version: &'static str) -> Self {
        self.version = version;
        self
    }

    /// Its starts wait to be let go on.
    pub fn starts_held(mut self) -> Self {
        self.starting = Some(Arc::new(Semaphore::new(0)));
        self
    }

    /// Its tool calls wait to be let go on.
    pub fn calls_held(mut self) -> Self {
        self.calling = Some(Arc::new(Semaphore::new(0)));
        self
    }

    /// Lets one more start and one more call go on.
    pub fn let_go(&self) {
        self.starting.iter().chain(&self.calling).for_each(|permits| permits.add_permits(1));
    }

    pub fn component(mut self, file: &Path) -> Self {
        self.file = Some(file.to_owned());
        self
    }

    pub fn register(&self, more: Registration) {
        self.inbound.lock().unwrap().last().unwrap().register(more);
    }

    /// What the n-th start was handed, counted from 1.
    pub fn inbound(&self, start: usize) -> Inbound {
        self.inbound.lock().unwrap()[start - 1].clone()
    }

    /// It ends on its own.
    pub fn lose(&self, fault: Fault) {
        let inbound = self.inbound(self.starts() as usize);
        inbound.lost(fault.at(inbound.extension(), Stage::Running));
    }

    /// It lets nobody in any more; that it is lost has not been told yet.
    pub fn shut(&self) {
        self.shut.store(self.starts(), Ordering::SeqCst);
    }

    pub fn starts(&self) -> u32 {
        self.starts.load(Ordering::SeqCst)
    }

    /// Tool calls that have begun.
    pub fn calls(&self) -> u32 {
        self.calls.load(Ordering::SeqCst)
    }

    /// Instances that were ended politely.
    pub fn stops(&self) -> u32 {
        self.stops.load(Ordering::SeqCst)
    }

    pub fn extension(&self) -> Extension {
        Extension {
            id: self.name.clone().try_into().unwrap(),
            manifest: self.manifest.clone(),
            program: match &self.file {
                Some(file) => Program::Component { file: file.clone() },
                None => Program::Subprocess { exec: PathBuf::from("none"), args: Vec::new() },
            },
            directory: self.file.as_ref().map_or("/".into(), |file| file.parent().unwrap().to_owned()),
            origin: Origin::User,
        }
    }
}

struct FakeBackend {
    fakes: Arc<Mutex<Vec<Fake>>>,
    seen: Arc<Mutex<Vec<String>>>,
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

fn named(fakes: &[Fake], name: &str) -> Fake {
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

#[derive(Default)]
struct Faces(Mutex<Vec<String>>);

#[async_trait]
impl EventSink for Faces {
    async fn emit(&self, event: AgentEvent) {
        self.emit_now(event);
    }

    fn emit_now(&self, event: AgentEvent) {
        if let AgentEvent::ExtFailed { message, .. } = event {
            self.0.lock().unwrap().push(message);
        }
    }
}

fn found(fakes: &[Fake]) -> Discovery {
    Discovery { extensions: fakes.iter().map(Fake::extension).collect(), ..Discovery::default() }
}

/// Fakes that have docked, and the dispatcher over them.
pub struct Harbour {
    pub dispatcher: Arc<Dispatcher>,
    pub tools: AllTools,
    pub extensions: Extensions,
    fakes: Arc<Mutex<Vec<Fake>>>,
    history: History,
    faces: Arc<Faces>,
    seen: Arc<Mutex<Vec<String>>>,
    _home: tempfile::TempDir,
}

impl Harbour {
    pub async fn new(fakes: Vec<Fake>) -> Self {
        let harbour = Self::start(fakes, |_| {}).await;
        // The failures of fakes that are made to fail are not what a test looks for.
        harbour.faces.0.lock().unwrap().retain(|line| !line.contains("it does not want to"));
        harbour
    }

    pub async fn start(fakes: Vec<Fake>, change: impl FnOnce(&mut Setup)) -> Self {
        let home = tempfile::tempdir().unwrap();
        let faces = Arc::new(Faces::default());
        let journal = Arc::new(Journal::new(home.path().join("logs"), LogLimits::STANDARD));
        let reporter = Reporter::new(faces.clone(), journal.clone());
        let dispatcher = Arc::new(Dispatcher::new(reporter.clone()));
        let tools = AllTools::new(Builtins::default(), dispatcher.clone(), reporter.clone());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let discovery = found(&fakes);
        let fakes = Arc::new(Mutex::new(fakes));
        let backend = Arc::new(FakeBackend { fakes: fakes.clone(), seen: seen.clone() });
        let mut setup = Setup {
            discovery,
            recollection: Recollection::default(),
            history: History::default(),
            start: Start::default(),
            backends: Backends { subprocess: backend.clone(), component: backend },
            dispatcher: dispatcher.clone(),
            requests: Requests::without_screen(&home.path().join("store"), reporter.clone()),
            reporter,
            journal,
            reserved: Reserved { tools: vec!["bash".into()], commands: vec!["reload-ext".into()] },
            renames: Default::default(),
            data: home.path().join("data"),
            limits: Limits::STANDARD,
        };
        change(&mut setup);
        let history = setup.history.clone();
        let extensions = Extensions::start(setup);
        extensions.ready().await;
        Self { dispatcher, tools, extensions, fakes, history, faces, seen, _home: home }
    }

    pub fn cx(&self) -> CallContext {
        CallContext::human(CancellationToken::new())
    }

    pub fn fake(&self, name: &str) -> Fake {
        named(&self.fakes.lock().unwrap(), name)
    }

    /// From now on these are there; nothing is reloaded yet.
    pub fn replace(&self, fakes: Vec<Fake>) -> Discovery {
        let discovery = found(&fakes);
        *self.fakes.lock().unwrap() = fakes;
        discovery
    }

    /// Reloads what was found.
    pub async fn reload_found(&self, discovery: Discovery, which: Which) -> Result<Vec<Change>, String> {
        let recollection = self.history.recall(&discovery, &Places::default());
        self.extensions.reload(async { Ok((discovery, recollection)) }, &which).await
    }

    /// From now on these are there: reloads all, and gives what is told of it.
    pub async fn reload(&self, fakes: Vec<Fake>) -> String {
        let discovery = self.replace(fakes);
        summary(&self.reload_found(discovery, Which::All).await.unwrap())
    }

    /// What the interceptors say of a call.
    pub async fn before_tool(&self, call: &ToolCall, cx: &CallContext) -> ToolDecision {
        let tool = self.tools.resolve(&call.name);
        let fits = |args: &Json| tool.as_ref().map_or(Ok(()), |tool| tool.check(args));
        self.dispatcher.before_tool(call, &fits, cx).await
    }

    /// What a tool answers.
    pub async fn call_tool(&self, call: &ToolCall, cx: &CallContext) -> ToolOutput {
        match self.tools.resolve(&call.name) {
            Some(tool) => tool.call(call, &(), cx).await,
            None => ToolOutput::error(format!("unknown tool {:?}", call.name)),
        }
    }

    /// Whether arguments fit.
    pub fn check(&self, call: &ToolCall) -> Result<(), String> {
        let tool = self.tools.resolve(&call.name).ok_or(format!("unknown tool {:?}", call.name))?;
        tool.check(&call.args)
    }

    pub fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    pub fn problems(&self) -> Vec<String> {
        self.faces.0.lock().unwrap().clone()
    }
}
