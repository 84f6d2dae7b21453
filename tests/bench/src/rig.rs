//! Extensions behind a dispatcher, without the agent around them.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, anyhow, bail};
use async_trait::async_trait;
use serde_json::json;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use wharf_component::ComponentBackend;
use wharf_extensions::discovery::{self, Discovery};
use wharf_extensions::dispatcher::Dispatcher;
use wharf_extensions::history::{History, Recollection};
use wharf_extensions::journal::Journal;
use wharf_extensions::lifecycle::{Backends, Extensions, Setup};
use wharf_extensions::limits::{Limits, LogLimits};
use wharf_extensions::registry::{Renames, Reserved};
use wharf_extensions::reload::{What, Which};
use wharf_extensions::reporter::Reporter;
use wharf_extensions::requests::Requests;
use wharf_extensions::toolbox::{AllTools, Builtins};
use wharf_extensions::vault::Vault;
use wharf_ports::call::CallContext;
use wharf_ports::event::{AgentEvent, EventSink};
use wharf_ports::hooks::{Hooks as _, ToolDecision};
use wharf_ports::tool::{ResolvedTool, Toolbox as _};
use wharf_protocol::json::Json;
use wharf_protocol::registration::Start;
use wharf_protocol::tool::ToolCall;
use wharf_runtime::Places;
use wharf_subprocess::SubprocessBackend;

use crate::measure::Act;

/// A directory in which extensions are installed. Gone when it is dropped.
pub struct Home {
    root: PathBuf,
    /// None: it belongs to somebody else.
    temporary: Option<TempDir>,
    renames: Mutex<Renames>,
}

impl Home {
    /// An empty one.
    pub fn new() -> Result<Self> {
        let temporary = tempfile::tempdir()?;
        let mut home = Self::at(temporary.path());
        home.temporary = Some(temporary);
        fs::create_dir_all(home.places().extensions())?;
        Ok(home)
    }

    /// One that is there already.
    pub fn at(root: &Path) -> Self {
        Self { root: root.to_owned(), temporary: None, renames: Mutex::default() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// What is in it, and where.
    pub fn places(&self) -> Places {
        Places::under(&self.root)
    }

    /// Installs a component under a name, which its tool and command get as well. Each copy is a file of its own, which
    /// differs from every other.
    pub fn component(&self, name: &str, wasm: &Path) -> Result<()> {
        let directory = self.places().extensions().join(name);
        fs::create_dir_all(&directory)?;
        let mut bytes = fs::read(wasm).with_context(|| format!("cannot read {}", wasm.display()))?;
        bytes.extend(custom_section(name));
        fs::write(directory.join("it.wasm"), bytes)?;
        let manifest = json!({ "name": name, "wasm": "it.wasm" });
        fs::write(directory.join("extension.json"), manifest.to_string())?;
        let registered = wasm.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let mut config = OpenOptions::new().create(true).append(true).open(self.places().config_file())?;
        writeln!(config, "[extensions.{name}.rename]\n{registered} = \"{name}\"")?;
        let mut renames = self.renames.lock().unwrap_or_else(PoisonError::into_inner);
        renames.insert(name.to_owned(), [(registered, name.to_owned())].into());
        Ok(())
    }

    /// Installs a program under a name, which it is told as its argument.
    pub fn program(&self, name: &str, program: &Path) -> Result<()> {
        let directory = self.places().extensions().join(name);
        fs::create_dir_all(&directory)?;
        let manifest = json!({ "name": name, "exec": program, "args": [name] });
        Ok(fs::write(directory.join("extension.json"), manifest.to_string())?)
    }

    /// The new names of tools and commands.
    pub fn renames(&self) -> Renames {
        self.renames.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What is installed.
    pub fn discover(&self) -> Result<Discovery> {
        let places =
            discovery::Places { user: self.places().user_extensions(), ..discovery::Places::default() };
        let found = discovery::discover(&places);
        match found.problems.first() {
            Some(problem) => bail!("{}", problem.message),
            None => Ok(found),
        }
    }

    /// The backends, as the runtime makes them.
    pub fn backends(&self) -> Backends {
        let places = self.places();
        let limit = Limits::STANDARD.component.cache;
        let code = Vault::new(places.compiled_code(), places.cache_key(), limit);
        Backends {
            subprocess: Arc::new(SubprocessBackend::new([""; 0])),
            component: Arc::new(ComponentBackend::new(&Limits::STANDARD).cache(code)),
        }
    }
}

/// A section that no one reads: it makes the file another one.
fn custom_section(name: &str) -> Vec<u8> {
    let length = |count: usize| u8::try_from(count).unwrap_or(u8::MAX) & 0x7f;
    let mut section = vec![0, length(name.len() + 1), length(name.len())];
    section.extend(name.bytes());
    section
}

/// Whether an extension has a directory of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Data {
    /// It has.
    Given,
    /// It has not: there is no place for it.
    Withheld,
}

/// Extensions that run.
pub struct Rig {
    pub dispatcher: Arc<Dispatcher>,
    pub tools: AllTools,
    extensions: Extensions,
}

impl Rig {
    /// Starts what is installed and waits for it.
    pub async fn start(home: &Home, data: Data) -> Result<Self> {
        Self::with(home.discover()?, home.backends(), home, data).await
    }

    /// Starts extensions on these backends and waits for them.
    pub async fn with(discovery: Discovery, backends: Backends, home: &Home, data: Data) -> Result<Self> {
        let places = home.places();
        let journal = Arc::new(Journal::new(places.logs(), LogLimits::STANDARD));
        let reporter = Reporter::new(Arc::new(Complaints), journal.clone());
        let builtins = Builtins::default();
        let dispatcher = Arc::new(Dispatcher::new(reporter.clone()));
        let extensions = Extensions::start(Setup {
            discovery,
            recollection: Recollection::default(),
            history: History::default(),
            start: start(),
            backends,
            dispatcher: dispatcher.clone(),
            reporter: reporter.clone(),
            journal,
            reserved: Reserved::default(),
            renames: home.renames(),
            data: match data {
                Data::Given => places.extension_data(),
                // Below a file there can be no directory.
                Data::Withheld => PathBuf::from("/dev/null/data"),
            },
            limits: Limits::STANDARD,
            requests: Requests::without_screen(&places.stores(), reporter.clone()),
        });
        extensions.settled().await;
        if let Some(error) = extensions.failed().first() {
            bail!("{error}");
        }
        let tools = AllTools::new(builtins, dispatcher.clone(), reporter);
        Ok(Self { dispatcher, tools, extensions })
    }

    /// The tool that a call names.
    pub fn tool(&self, call: &ToolCall) -> Result<Box<dyn ResolvedTool>> {
        self.tools.resolve(&call.name).ok_or_else(|| anyhow!("there is no tool {:?}", call.name))
    }

    /// Loads all of them anew.
    pub async fn reload(&self, home: &Home) -> Result<()> {
        let found = home.discover()?;
        let look = async { Ok((found, Recollection::default())) };
        let changes = self.extensions.reload(look, &Which::All).await.map_err(anyhow::Error::msg)?;
        match changes.iter().find(|change| change.what != What::Replaced) {
            Some(other) => bail!("instead of being replaced: {other:?}"),
            None => Ok(()),
        }
    }

    /// Ends them.
    pub async fn stop(&self) {
        self.extensions.stop().await;
    }
}

/// Facts for extensions.
pub fn start() -> Start {
    Start {
        host_version: "0".to_owned(),
        provider: "demo".to_owned(),
        model: "demo".to_owned(),
        cwd: "/".to_owned(),
        data_dir: None,
        ..Start::default()
    }
}

/// A call of a tool.
pub fn call(tool: &str, args: &str) -> Result<ToolCall> {
    Ok(ToolCall { id: "call_1".to_owned(), name: tool.to_owned(), args: Json::new(args)? })
}

/// Asks all interceptors about a call, which they let pass.
pub struct Ask<'a> {
    pub rig: &'a Rig,
    pub call: ToolCall,
    pub cx: CallContext,
}

impl<'a> Ask<'a> {
    /// About this call.
    pub fn about(rig: &'a Rig, call: ToolCall) -> Self {
        Self { rig, call, cx: CallContext::human(CancellationToken::new()) }
    }
}

impl Act for Ask<'_> {
    async fn once(&mut self) -> Result<()> {
        match self.rig.dispatcher.before_tool(&self.call, &|_| Ok(()), &self.cx).await {
            ToolDecision::Run(None) => Ok(()),
            other => bail!("the interceptors answered {other:?}"),
        }
    }
}

/// Prints what goes wrong.
pub struct Complaints;

#[async_trait]
impl EventSink for Complaints {
    async fn emit(&self, event: AgentEvent) {
        self.emit_now(event);
    }

    fn emit_now(&self, event: AgentEvent) {
        if let AgentEvent::ExtFailed { message, .. } = event {
            eprintln!("bench: {message}");
        }
    }
}
