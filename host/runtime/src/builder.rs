//! Everything that can be chosen before the start.

mod error;

pub use error::BuildError;

use std::path::PathBuf;
use std::sync::Arc;

use wharf_component::Compiler;
use wharf_extensions::limits::Limits;
use wharf_extensions::trust::Trust;
use wharf_ports::approve::Approver;
use wharf_ports::clock::{Clock, SystemClock};
use wharf_ports::model::Model;

use crate::approval::{ApprovalMode, PolicyApprover};
use crate::config::Config;
use crate::handle::Wharf;
use crate::places::Places;
use crate::watch::WatchMode;

/// Chooses, then builds a [`Wharf`].
pub struct Builder {
    pub(crate) places: Option<Places>,
    pub(crate) config: Config,
    pub(crate) cwd: Option<PathBuf>,
    pub(crate) model: ModelChoice,
    pub(crate) approver: Arc<dyn Approver>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) trust: Trust,
    pub(crate) explicit: Vec<PathBuf>,
    pub(crate) discover: bool,
    pub(crate) tools: Option<Vec<String>>,
    pub(crate) system: Option<String>,
    pub(crate) append_system: Vec<String>,
    pub(crate) max_steps: Option<u32>,
    pub(crate) limits: Limits,
    pub(crate) compiler: Option<Arc<dyn Compiler>>,
    pub(crate) code_cache: bool,
    pub(crate) ui: bool,
    pub(crate) submissions: bool,
    pub(crate) watch: WatchMode,
}

/// Which model answers.
#[derive(Clone, Default)]
pub enum ModelChoice {
    /// The built-in one that needs no network and calls the tools that it is told to call.
    #[default]
    Demo,
    /// A file that is replayed.
    Script(PathBuf),
    /// The embedder's own.
    Custom(Arc<dyn Model>),
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            places: None,
            config: Config::default(),
            cwd: None,
            model: ModelChoice::Demo,
            approver: Arc::new(PolicyApprover(ApprovalMode::Ask)),
            clock: Arc::new(SystemClock),
            trust: Trust::Untrusted,
            explicit: Vec::new(),
            discover: true,
            tools: None,
            system: None,
            append_system: Vec::new(),
            max_steps: None,
            limits: Limits::STANDARD,
            compiler: None,
            code_cache: true,
            ui: false,
            submissions: true,
            watch: WatchMode::Off,
        }
    }
}

impl Builder {
    /// Where things lie; without, the environment says it.
    #[must_use]
    pub fn places(mut self, places: Places) -> Self {
        self.places = Some(places);
        self
    }

    /// What `config.toml` says; without, nothing.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// The directory to work in; without, the process's.
    #[must_use]
    pub fn cwd(mut self, cwd: impl Into<PathBuf>) -> Self {
        self.cwd = Some(cwd.into());
        self
    }

    /// Which model answers.
    #[must_use]
    pub fn model(mut self, model: ModelChoice) -> Self {
        self.model = model;
        self
    }

    /// What happens before a tool runs that may destroy something; without, it is refused, for nobody can be asked.
    #[must_use]
    pub fn approval(self, mode: ApprovalMode) -> Self {
        self.approver(Arc::new(PolicyApprover(mode)))
    }

    /// Who decides whether a tool may run.
    #[must_use]
    pub fn approver(mut self, approver: Arc<dyn Approver>) -> Self {
        self.approver = approver;
        self
    }

    /// The time of day, for tests.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Lets the project's own extensions load, for this run.
    #[must_use]
    pub fn trust_project(mut self, trusted: bool) -> Self {
        self.trust = if trusted { Trust::Trusted } else { Trust::Untrusted };
        self
    }

    /// Loads an extension from a directory or a `.wasm` file, for this run; it goes before an installed one.
    #[must_use]
    pub fn extension(mut self, path: impl Into<PathBuf>) -> Self {
        self.explicit.push(path.into());
        self
    }

    /// Whether extensions are looked for in the user's and the project's directories.
    #[must_use]
    pub fn discover(mut self, discover: bool) -> Self {
        self.discover = discover;
        self
    }

    /// Which built-in tools there are; without, all. Extensions' tools stay.
    #[must_use]
    pub fn tools(mut self, names: Vec<String>) -> Self {
        self.tools = Some(names);
        self
    }

    /// Replaces the system prompt.
    #[must_use]
    pub fn system_prompt(mut self, text: impl Into<String>) -> Self {
        self.system = Some(text.into());
        self
    }

    /// Adds to the system prompt.
    #[must_use]
    pub fn append_system_prompt(mut self, text: impl Into<String>) -> Self {
        self.append_system.push(text.into());
        self
    }

    /// Model calls for one prompt, at most.
    #[must_use]
    pub fn max_steps(mut self, steps: u32) -> Self {
        self.max_steps = Some(steps);
        self
    }

    /// What extensions may use up; without, [`Limits::STANDARD`].
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How components are compiled; without, in this process.
    #[must_use]
    pub fn compiler(mut self, compiler: Arc<dyn Compiler>) -> Self {
        self.compiler = Some(compiler);
        self
    }

    /// Whether the compiled code of components is kept for the next start, in [`Places::compiled_code`].
    #[must_use]
    pub fn code_cache(mut self, keep: bool) -> Self {
        self.code_cache = keep;
        self
    }

    /// Whether a face shows extensions' dialogs, panels and segments of the status line, and has an editor: it reads the
    /// events and answers with [`Wharf::answer`], [`Wharf::panel_key`] and [`Wharf::close_panel`]. Without, extensions
    /// are told that there is no UI.
    #[must_use]
    pub fn ui(mut self, present: bool) -> Self {
        self.ui = present;
        self
    }

    /// Whether extensions may submit prompts; without, they may. A run that answers one prompt alone takes none.
    #[must_use]
    pub fn submissions(mut self, accepted: bool) -> Self {
        self.submissions = accepted;
        self
    }

    /// Whether the user's extensions are watched while the agent runs; without, they are not. For agents that live long.
    #[must_use]
    pub fn watch(mut self, mode: WatchMode) -> Self {
        self.watch = mode;
        self
    }

    /// Builds the agent and starts its extensions, without waiting for them: the first prompt does.
    ///
    /// # Errors
    /// [`BuildError`]. An extension that cannot be started is none: it is told as an event.
    pub async fn build(self) -> Result<Wharf, BuildError> {
        crate::assembly::assemble(self).await
    }
}
