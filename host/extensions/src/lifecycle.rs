//! Starting all extensions, knowing what became of each, ending them.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use wharf_protocol::registration::Start;

use crate::backend::{Backend, Launch};
use crate::discovery::Discovery;
use crate::dispatcher::Dispatcher;
use crate::error::ExtError;
use crate::extension::{Extension, Program};
use crate::fleet::{Fate, Fleet, Shared, Slot, Starting, is_guard};
use crate::inbound::{HostServices, Inbound, LogSource};
use crate::journal::Journal;
use crate::limits::{Limits, READY_GRACE};
use crate::listing::{Listing, State};
use crate::meter;
use crate::permission::{DirectoryGrant, Grants};
use crate::registry::Renames;
use crate::reporter::Reporter;
use crate::services::Services;

/// The path under which a component sees the directory that is its own.
const DATA: &str = "/data";
/// No start takes longer than this, compiling included; the backends keep shorter limits of their own.
pub(crate) const START: Duration = Duration::from_secs(75);
/// No end takes longer than this; the backends keep shorter limits of their own.
const STOP: Duration = Duration::from_secs(8);
/// How long the logs may take to be written to the end.
const FLUSH: Duration = Duration::from_secs(2);

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
    /// What they may use up.
    pub limits: Limits,
}

/// All extensions of one agent.
pub struct Extensions {
    shared: Arc<Shared>,
    /// How many are still starting, and how many of those guard something.
    starting: watch::Receiver<Starting>,
}

impl Extensions {
    /// Starts everything that was found, in parallel; returns at once.
    #[must_use]
    pub fn start(setup: Setup) -> Self {
        let Setup {
            discovery,
            start,
            backends,
            dispatcher,
            reporter,
            journal,
            reserved,
            renames,
            data,
            limits,
        } = setup;
        let slots: Vec<Slot> = discovery.extensions.into_iter().map(Slot::new).collect();
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
            closing: CancellationToken::new(),
            docking: TaskTracker::new(),
        });
        shared.publish(&mut shared.lock());
        for extension in extensions {
            let services: Arc<dyn HostServices> =
                Arc::new(Services::new(Arc::downgrade(&shared), extension.id.clone(), &limits.log));
            let inbound = Inbound::new(extension.id.clone(), services);
            let launch = launch(&extension, &start, inbound, &data);
            let dock = shared.clone().dock(extension.clone(), backends.of(&extension.program), launch);
            shared.docking.spawn(dock);
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
        let mut fleet = self.shared.lock();
        fleet.sealed = true;
        // Names that two want are settled now, and both are told.
        self.shared.publish(&mut fleet);
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

    /// Ends all of them, in parallel, each within its contracted time; what is still starting is given up.
    pub async fn stop(&self) {
        self.shared.closing.cancel();
        self.shared.docking.close();
        let end = async {
            self.shared.docking.wait().await;
            let docked = self.shared.docked();
            join_all(docked.iter().map(|docked| docked.instance.stop())).await;
        };
        // Each backend keeps a shorter limit; what does not is killed when it is dropped.
        _ = timeout(STOP, end).await;
        let journal = self.shared.journal.clone();
        // A log that cannot be written in time must not keep the program from ending.
        _ = timeout(FLUSH, tokio::task::spawn_blocking(move || journal.close())).await;
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
