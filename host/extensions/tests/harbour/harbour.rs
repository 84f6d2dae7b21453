//! A harbour full of fakes: all that stands above a backend.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;
use wharf_extensions::discovery::{Discovery, Places};
use wharf_extensions::dispatcher::Dispatcher;
use wharf_extensions::history::{History, Recollection};
use wharf_extensions::journal::Journal;
use wharf_extensions::lifecycle::{Backends, Extensions, Setup};
use wharf_extensions::limits::{Limits, LogLimits};
use wharf_extensions::registry::Reserved;
use wharf_extensions::reload::{Change, Which, summary};
use wharf_extensions::reporter::Reporter;
use wharf_extensions::requests::Requests;
use wharf_extensions::toolbox::{AllTools, Builtins};
use wharf_ports::call::CallContext;
use wharf_ports::event::{AgentEvent, EventSink};
use wharf_ports::hooks::{Hooks as _, ToolDecision};
use wharf_ports::tool::Toolbox as _;
use wharf_protocol::json::Json;
use wharf_protocol::registration::Start;
use wharf_protocol::tool::{ToolCall, ToolOutput};

use crate::fake::{Fake, FakeBackend, named};

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
