//! Starting all extensions, knowing what became of each, ending them.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::watch;
use tokio::time::timeout;
use wharf_protocol::hook::OnFailure;
use wharf_protocol::id::ExtensionId;
use wharf_protocol::notice::Level;
use wharf_protocol::registration::{Registration, Start};

use crate::admission;
use crate::backend::{Backend, Docking, Launch};
use crate::discovery::Discovery;
use crate::dispatcher::Dispatcher;
use crate::docked::Docked;
use crate::error::{ExtError, Fault, Stage, seconds};
use crate::extension::{Extension, Program};
use crate::inbound::{HostServices, Inbound, LogSource};
use crate::journal::Journal;
use crate::limits::{Deadlines, READY_GRACE};
use crate::listing::{Listing, State};
use crate::meter;
use crate::permission::{DirectoryGrant, Grants};
use crate::registry::{Absent, Conflict, Parts, Registry, Renames};
use crate::reporter::Reporter;

/// The path under which a component sees the directory that is its own.
const DATA: &str = "/data";
/// No start takes longer than this, compiling included; the backends keep shorter limits of their own.
const START: Duration = Duration::from_secs(75);

/// The backends, one for each kind of program.
#[derive(Clone)]
pub struct Backends {
    /// For child processes.
    pub subprocess: Arc<dyn Backend>,
    /// For components.
    pub component: Arc<dyn Backend>,
}

impl Backends {
    fn of(&self, program: &Program) -> Arc<dyn Backend> {
        match program {
            Program::Subprocess { .. } => self.subprocess.clone(),
            Program::Component { .. } => self.component.clone(),
        }
    }
}

/// What is needed to start.
pub struct Setup {
    /// What was found.
    pub discovery: Discovery,
    /// Facts for every extension.
    pub start: Start,
    /// The backends.
    pub backends: Backends,
    /// Routes the calls.
    pub dispatcher: Arc<Dispatcher>,
    /// Where faults are told.
    pub reporter: Reporter,
    /// The logs.
    pub journal: Arc<Journal>,
    /// Names that no extension's tool may take.
    pub reserved: Vec<String>,
    /// New names from the configuration.
    pub renames: Renames,
    /// Below it each component has a directory of its own.
    pub data: PathBuf,
}

/// All extensions of one agent.
pub struct Extensions {
    shared: Arc<Shared>,
    /// How many are still starting, and how many of those guard something.
    starting: watch::Receiver<Starting>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Starting {
    all: usize,
    guards: usize,
}

struct Shared {
    dispatcher: Arc<Dispatcher>,
    reporter: Reporter,
    journal: Arc<Journal>,
    reserved: Vec<String>,
    renames: Renames,
    state: Mutex<Fleet>,
    starting: watch::Sender<Starting>,
}

struct Fleet {
    slots: Vec<Slot>,
    disabled: Vec<Extension>,
    told: HashSet<Conflict>,
    /// Set when the first model call is due: from then on, who has a name keeps it.
    sealed: bool,
}

struct Slot {
    extension: Extension,
    fate: Fate,
    /// Registered while it was still starting.
    early: Vec<Registration>,
}

enum Fate {
    Starting,
    Docked(Arc<Docked>),
    Failed(ExtError),
}

impl Extensions {
    /// Starts everything that was found, in parallel; returns at once.
    #[must_use]
    pub fn start(setup: Setup) -> Self {
        let Setup { discovery, start, backends, dispatcher, reporter, journal, reserved, renames, data } =
            setup;
        let slots: Vec<Slot> = discovery
            .extensions
            .into_iter()
            .map(|extension| Slot { extension, fate: Fate::Starting, early: Vec::new() })
            .collect();
        let extensions: Vec<Extension> = slots.iter().map(|slot| slot.extension.clone()).collect();
        let guards = extensions.iter().filter(|extension| is_guard(extension)).count();
        let (sender, starting) = watch::channel(Starting { all: extensions.len(), guards });
        let fleet = Fleet { slots, disabled: discovery.disabled, told: HashSet::new(), sealed: false };
        let shared = Arc::new(Shared {
            dispatcher,
            reporter,
            journal,
            reserved,
            renames,
            state: Mutex::new(fleet),
            starting: sender,
        });
        shared.publish(&mut shared.lock());
        for extension in extensions {
            let services: Arc<dyn HostServices> = Arc::new(Services(Arc::downgrade(&shared)));
            let inbound = Inbound::new(extension.id.clone(), services);
            let launch = launch(&extension, &start, inbound, &data);
            let (shared, backend) = (shared.clone(), backends.of(&extension.program));
            tokio::spawn(async move { shared.dock(extension, backend, launch).await });
        }
        Self { shared, starting }
    }

    /// Waits until all have started or failed, 3 s at most; for those that guard something, until their own start
    /// deadline. Who comes later joins at the next model call.
    pub async fn ready(&self) {
        let mut starting = self.starting.clone();
        // The sender lives as long as `self`.
        if timeout(READY_GRACE, starting.wait_for(|now| now.all == 0)).await.is_err() {
            self.shared.tell_late();
        }
        _ = timeout(START, starting.wait_for(|now| now.guards == 0)).await;
        self.shared.lock().sealed = true;
    }

    /// Waits until all have started or failed, each within its own start deadline.
    pub async fn settled(&self) {
        // The sender lives as long as `self`.
        _ = self.starting.clone().wait_for(|now| now.all == 0).await;
    }

    /// All extensions that were found and may be started, with what became of them.
    #[must_use]
    pub fn list(&self) -> Vec<Listing> {
        let fleet = self.shared.lock();
        let running = fleet.slots.iter().map(|slot| match &slot.fate {
            Fate::Starting => Listing::new(&slot.extension, State::Starting, None),
            Fate::Docked(docked) => Listing::new(&slot.extension, State::Running, Some(docked)),
            Fate::Failed(error) => Listing::new(&slot.extension, State::Failed(error.to_string()), None),
        });
        let disabled = fleet.disabled.iter().map(|extension| Listing::new(extension, State::Disabled, None));
        running.chain(disabled).collect()
    }

    /// The faults of those that could not be started.
    #[must_use]
    pub fn failed(&self) -> Vec<ExtError> {
        let fleet = self.shared.lock();
        let failed = fleet.slots.iter().filter_map(|slot| match &slot.fate {
            Fate::Failed(error) => Some(error.clone()),
            Fate::Starting | Fate::Docked(_) => None,
        });
        failed.collect()
    }

    /// What each running extension costs so far, by name.
    #[must_use]
    pub fn costs(&self) -> BTreeMap<String, meter::Reading> {
        self.shared.docked().iter().map(|docked| (docked.id.to_string(), docked.meter.read())).collect()
    }

    /// Ends all of them, in parallel, each within its contracted time.
    pub async fn stop(&self) {
        let docked = self.shared.docked();
        join_all(docked.iter().map(|docked| docked.instance.stop())).await;
        let journal = self.shared.journal.clone();
        // A panic in it has been reported; the logs are as complete as they can be.
        _ = tokio::task::spawn_blocking(move || journal.close()).await;
    }
}

impl Shared {
    async fn dock(&self, extension: Extension, backend: Arc<dyn Backend>, launch: Launch) {
        let (id, grants) = (extension.id.clone(), launch.grants.clone());
        let result = match timeout(START, backend.start(&extension, launch)).await {
            Ok(result) => result,
            Err(_) => Err(Fault::TimedOut { limit: START, while_busy: None }.at(&id, Stage::Start)),
        };
        let mut fleet = self.lock();
        let Some(slot) = fleet.slots.iter_mut().find(|slot| slot.extension.id == id) else { return };
        slot.fate = match result {
            Ok(docking) => {
                let early = std::mem::take(&mut slot.early);
                Fate::Docked(Arc::new(self.admit(&slot.extension, docking, early, grants)))
            }
            Err(error) => {
                self.reporter.fault(&error, None);
                Fate::Failed(error)
            }
        };
        self.publish(&mut fleet);
        drop(fleet);
        self.starting.send_modify(|starting| {
            starting.all -= 1;
            starting.guards -= usize::from(is_guard(&extension));
        });
    }

    fn admit(
        &self,
        extension: &Extension,
        docking: Docking,
        early: Vec<Registration>,
        grants: Arc<Grants>,
    ) -> Docked {
        let all = early.into_iter().fold(docking.registration, admission::merge);
        let registration = self.let_in(extension, all);
        Docked {
            id: extension.id.clone(),
            instance: docking.instance,
            deadlines: docking.deadlines,
            grants,
            meter: Arc::default(),
            registration: Arc::new(registration),
        }
    }

    fn let_in(&self, extension: &Extension, registration: Registration) -> Registration {
        let (let_in, refused) = admission::admit(&extension.manifest, registration);
        for line in refused {
            let message = format!("extension \"{}\": register: {line}", extension.id);
            self.reporter.problem(Some(&extension.id), message);
        }
        let_in
    }

    /// An extension registers more than it did at its start.
    fn register(&self, id: &ExtensionId, more: Registration) {
        let mut fleet = self.lock();
        let Some(slot) = fleet.slots.iter_mut().find(|slot| slot.extension.id == *id) else { return };
        match &slot.fate {
            Fate::Starting => slot.early.push(more),
            Fate::Failed(_) => return,
            Fate::Docked(docked) => {
                let more = self.let_in(&slot.extension, more);
                let registration = Arc::new(admission::merge((*docked.registration).clone(), more));
                slot.fate = Fate::Docked(Arc::new(Docked { registration, ..(**docked).clone() }));
            }
        }
        self.publish(&mut fleet);
    }

    /// Tells of those that the first model call does not wait for.
    fn tell_late(&self) {
        for slot in self.lock().slots.iter().filter(|slot| matches!(slot.fate, Fate::Starting)) {
            let id = &slot.extension.id;
            let then = if is_guard(&slot.extension) {
                "it guards something, so it is waited for"
            } else {
                "it joins when it is ready"
            };
            let message = format!(
                "extension \"{id}\": start: it is still starting after {}; {then}; see `wharf ext logs {id}`",
                seconds(READY_GRACE)
            );
            self.reporter.problem(Some(id), message);
        }
    }

    /// Builds a new snapshot and swaps it in; tells each conflict once.
    fn publish(&self, fleet: &mut Fleet) {
        let docked: Vec<Arc<Docked>> = fleet.slots.iter().filter_map(Slot::docked).cloned().collect();
        let absent = fleet.slots.iter().filter_map(Slot::absent).collect();
        let previous = fleet.sealed.then(|| self.dispatcher.registry());
        let (registry, conflicts) = Registry::build(&Parts {
            docked: &docked,
            absent,
            reserved: &self.reserved,
            renames: &self.renames,
            previous: previous.as_deref(),
        });
        self.dispatcher.replace(registry);
        let starting = fleet.slots.iter().any(|slot| matches!(slot.fate, Fate::Starting));
        if fleet.sealed || !starting {
            for conflict in conflicts {
                if fleet.told.insert(conflict.clone()) {
                    self.reporter.problem(Some(&conflict.loser), conflict.to_string());
                }
            }
        }
    }

    fn docked(&self) -> Vec<Arc<Docked>> {
        self.lock().slots.iter().filter_map(Slot::docked).cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Fleet> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    fn docked(&self) -> Option<&Arc<Docked>> {
        match &self.fate {
            Fate::Docked(docked) => Some(docked),
            Fate::Starting | Fate::Failed(_) => None,
        }
    }

    /// What it would guard, if it were there.
    fn absent(&self) -> Option<Absent> {
        let fault = match &self.fate {
            Fate::Docked(_) => return None,
            Fate::Starting => Fault::NotRunning { why: "it is still starting".to_owned() },
            Fate::Failed(error) => Fault::NotRunning { why: format!("{}: {}", error.stage, error.fault) },
        };
        let hooks = self.extension.manifest.declared()?.hooks;
        let deadlines = deadlines(&self.extension.program);
        Some(Absent { id: self.extension.id.clone(), hooks, deadlines, fault })
    }
}

/// Whether its manifest declares a hook that closes when it fails.
fn is_guard(extension: &Extension) -> bool {
    let declared = extension.manifest.declared().unwrap_or_default();
    declared.hooks.iter().any(|hook| {
        let undeclared = || deadlines(&extension.program).undeclared_policy(hook.on);
        hook.on_failure.unwrap_or_else(undeclared) == OnFailure::Closed
    })
}

/// What counts for an extension that has not told what it speaks.
fn deadlines(program: &Program) -> Deadlines {
    match program {
        Program::Subprocess { .. } => Deadlines::VERSION_1,
        Program::Component { .. } => Deadlines::STANDARD,
    }
}

/// The facts and rights of one extension. A component gets a directory of its own and nothing else.
fn launch(extension: &Extension, start: &Start, inbound: Inbound, data: &std::path::Path) -> Launch {
    let mut start = start.clone();
    let mut grants = Grants::none();
    if let Program::Component { .. } = extension.program {
        let host = data.join(extension.id.as_str());
        match std::fs::create_dir_all(&host) {
            Ok(()) => {
                grants.directories.push(DirectoryGrant { host, guest: DATA.to_owned(), write: true });
                start.data_dir = Some(DATA.to_owned());
            }
            Err(error) => inbound.log(
                LogSource::Host,
                &format!("its data directory {} cannot be made, it goes without: {error}", host.display()),
            ),
        }
    }
    Launch { start, grants: Arc::new(grants), inbound }
}

/// The host's services, as extensions reach them. They end when the agent does.
struct Services(Weak<Shared>);

impl HostServices for Services {
    fn log(&self, extension: &ExtensionId, source: LogSource, text: &str) {
        if let Some(shared) = self.0.upgrade() {
            shared.reporter.log(extension, source, text);
        }
    }

    fn notify(&self, extension: &ExtensionId, level: Level, message: &str) {
        if let Some(shared) = self.0.upgrade() {
            shared.reporter.notify(extension, level, message);
        }
    }

    fn register(&self, extension: &ExtensionId, registration: Registration) {
        if let Some(shared) = self.0.upgrade() {
            shared.register(extension, registration);
        }
    }

    fn lost(&self, error: ExtError) {
        let Some(shared) = self.0.upgrade() else { return };
        let consequence = "it is not running any more";
        match error.stage {
            // Whoever made the call tells the user.
            Stage::Tool(_) | Stage::Command(_) | Stage::Hook(_) => {
                shared.reporter.log(&error.extension, LogSource::Host, &format!("{error} → {consequence}"));
            }
            Stage::Manifest
            | Stage::Spawn
            | Stage::Compile
            | Stage::Link
            | Stage::Instantiate
            | Stage::Start
            | Stage::Register
            | Stage::Event
            | Stage::Running
            | Stage::Stop => shared.reporter.fault(&error, Some(consequence)),
        }
    }
}
