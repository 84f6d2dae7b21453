//! Starting all extensions, knowing what became of each, ending them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::ArcSwap;
use futures_util::future::join_all;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use wharf_protocol::id::ExtensionId;
use wharf_protocol::registration::Start;

use crate::backend::Backend;
use crate::discovery::Discovery;
use crate::dispatcher::Dispatcher;
use crate::error::{ExtError, Stage};
use crate::extension::Program;
use crate::fleet::{Fleet, Shared};
use crate::history::{History, Past, Recollection};
use crate::journal::Journal;
use crate::launcher::START;
use crate::limits::{Limits, READY_GRACE};
use crate::listing::{Listing, State};
use crate::meter;
use crate::registry::{Renames, Reserved};
use crate::reporter::Reporter;
use crate::requests::Requests;
use crate::shipyard::Shipyard;
use crate::slot::{Fate, Slot};
use crate::supervisor::{STOP, Supervisor};

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
    pub(crate) fn of(&self, program: &Program) -> Arc<dyn Backend> {
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
    /// What is known of it from earlier runs.
    pub recollection: Recollection,
    /// Where that is kept.
    pub history: History,
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
    /// Names that no extension may take.
    pub reserved: Reserved,
    /// New names from the configuration.
    pub renames: Renames,
    /// Below it each component has a directory of its own.
    pub data: PathBuf,
    /// What they may use up.
    pub limits: Limits,
    /// Where their requests go.
    pub requests: Requests,
}

/// All extensions of one agent.
pub struct Extensions {
    pub(crate) shared: Arc<Shared>,
}

impl Extensions {
    /// Starts everything that was found and is needed at once, in parallel; returns at once. What tells without being
    /// started what it registers sleeps until it is needed.
    #[must_use]
    pub fn start(setup: Setup) -> Self {
        let Setup { discovery, recollection, dispatcher, reporter, journal, reserved, renames, .. } = setup;
        for problem in recollection.problems {
            reporter.problem(None, problem);
        }
        let fleet = Fleet { disabled: discovery.disabled, ..Fleet::default() };
        let Setup { history, backends, start, data, limits, .. } = setup;
        let shared = Arc::new(Shared {
            dispatcher,
            reporter,
            journal,
            reserved,
            renames,
            history,
            requests: setup.requests,
            shipyard: Shipyard {
                backends,
                start: Arc::new(ArcSwap::from_pointee(start)),
                data,
                limits,
                rations: Mutex::default(),
            },
            state: Mutex::new(fleet),
            reloading: tokio::sync::Mutex::default(),
            changed: watch::channel(()).0,
            closing: CancellationToken::new(),
            tasks: TaskTracker::new(),
            keeping: TaskTracker::new(),
        });
        let pasts = recollection.pasts.into_iter().chain(std::iter::repeat_with(Past::default));
        let mut fleet = shared.lock();
        for (extension, past) in discovery.extensions.into_iter().zip(pasts) {
            let (slot, refused) = shared.fit_out(extension, past);
            shared.tell_refused(&mut fleet, &slot.extension().id, refused);
            fleet.slots.push(slot);
        }
        fleet.missing = recollection.missing;
        shared.publish(&mut fleet);
        let asleep: Vec<_> = fleet.slots.iter().filter(|slot| slot.is_asleep()).map(Slot::keeper).collect();
        drop(fleet);
        asleep.iter().for_each(|supervisor| shared.keep_guard(supervisor));
        let extensions = Self { shared };
        extensions.begin();
        extensions
    }

    /// Starts those of which nothing is known; tells of those that are kept out.
    fn begin(&self) {
        let mut unknown = Vec::new();
        for slot in &self.shared.lock().slots {
            match &slot.fate {
                Fate::Starting => unknown.push(slot.supervisor.clone()),
                Fate::Quarantined(_, fault) => {
                    let error = fault.clone().at(&slot.extension().id, Stage::Start);
                    self.shared.reporter.fault(&error, Some("not started"));
                }
                Fate::Docked(_) | Fate::Failed(_) => {}
            }
        }
        unknown.iter().for_each(Supervisor::wake);
    }

    /// Another model answers from now on: whoever starts later is told so.
    pub fn model_is(&self, provider: &str, model: &str) {
        self.shared.shipyard.start.rcu(|start| Start {
            provider: provider.to_owned(),
            model: model.to_owned(),
            ..Start::clone(start)
        });
    }

    /// Waits until all that are being started have started or failed, 3 s at most; for those that guard something, until
    /// their own start deadline. Who comes later joins at the next model call.
    pub async fn ready(&self) {
        let started = self.shared.until_all(|slot| !slot.is_starting());
        if timeout(READY_GRACE, started).await.is_err() {
            self.shared.tell_late();
        }
        _ = timeout(START, self.shared.until_all(|slot| !(slot.is_starting() && slot.is_guard()))).await;
        let mut fleet = self.shared.lock();
        fleet.sealed = true;
        // Names that two want are settled now, and both are told.
        self.shared.publish(&mut fleet);
    }

    /// Starts what sleeps, and waits until all have started or failed, each within its own start deadline.
    pub async fn settled(&self) {
        let all: Vec<_> = self.shared.lock().slots.iter().map(|slot| slot.supervisor.clone()).collect();
        all.iter().for_each(Supervisor::wake);
        self.shared.until_all(|slot| !slot.is_starting()).await;
    }

    /// The components that are being compiled: that takes its time once.
    #[must_use]
    pub fn compiling(&self) -> Vec<ExtensionId> {
        let fleet = self.shared.lock();
        let compiling = fleet.slots.iter().filter(|slot| slot.is_compiling());
        compiling.map(|slot| slot.extension().id.clone()).collect()
    }

    /// Waits until there are none.
    pub async fn compiled(&self) {
        self.shared.until_all(|slot| !slot.is_compiling()).await;
    }

    /// All extensions that were found and may be started, with what became of them.
    #[must_use]
    pub fn list(&self) -> Vec<Listing> {
        let fleet = self.shared.lock();
        let found = fleet.slots.iter().map(Slot::listing);
        let disabled = fleet.disabled.iter().map(|extension| Listing::new(extension, State::Disabled, None));
        found.chain(disabled).collect()
    }

    /// The faults of those that could not be started.
    #[must_use]
    pub fn failed(&self) -> Vec<ExtError> {
        let fleet = self.shared.lock();
        let failed = fleet.slots.iter().filter_map(|slot| match &slot.fate {
            Fate::Failed(error) => Some(error.clone()),
            Fate::Quarantined(_, fault) => Some(fault.clone().at(&slot.extension().id, Stage::Start)),
            Fate::Starting | Fate::Docked(_) => None,
        });
        failed.collect()
    }

    /// What each running extension costs so far, by name.
    #[must_use]
    pub fn costs(&self) -> BTreeMap<String, meter::Reading> {
        let fleet = self.shared.lock();
        let docked = fleet.slots.iter().filter_map(|slot| slot.fate.docked());
        docked.map(|docked| (docked.id.to_string(), docked.meter.read())).collect()
    }

    /// Ends all of them, in parallel, each within its contracted time; what is still starting is given up.
    pub async fn stop(&self) {
        self.shared.closing.cancel();
        self.shared.tasks.close();
        let all: Vec<_> = self.shared.lock().slots.iter().map(|slot| slot.supervisor.clone()).collect();
        let end = async {
            join_all(all.iter().map(|supervisor| supervisor.stop())).await;
            self.shared.tasks.wait().await;
            self.shared.kept().await;
        };
        // Each backend keeps a shorter limit; what does not is killed when it is dropped.
        _ = timeout(STOP, end).await;
        let journal = self.shared.journal.clone();
        // A log that cannot be written in time must not keep the program from ending.
        _ = timeout(FLUSH, tokio::task::spawn_blocking(move || journal.close())).await;
    }
}
