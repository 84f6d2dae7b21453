//! What became of each extension, and the snapshot that follows from it.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use wharf_protocol::hook::OnFailure;
use wharf_protocol::id::ExtensionId;
use wharf_protocol::registration::Registration;

use crate::admission;
use crate::backend::{Backend, Docking, Launch};
use crate::dispatcher::Dispatcher;
use crate::docked::Docked;
use crate::error::{ExtError, Fault, Stage, seconds};
use crate::extension::{Extension, Program};
use crate::journal::Journal;
use crate::lifecycle::START;
use crate::limits::{Deadlines, READY_GRACE};
use crate::permission::Grants;
use crate::registry::{Absent, Conflict, Parts, Registry, Renames};
use crate::reporter::Reporter;

/// Frames or calls with which one extension may register more; the rest is ignored, and told once.
const LATE_REGISTRATIONS: u32 = 1000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Starting {
    pub(crate) all: usize,
    pub(crate) guards: usize,
}

pub(crate) struct Shared {
    pub(crate) dispatcher: Arc<Dispatcher>,
    pub(crate) reporter: Reporter,
    pub(crate) journal: Arc<Journal>,
    pub(crate) reserved: Vec<String>,
    pub(crate) renames: Renames,
    pub(crate) state: Mutex<Fleet>,
    pub(crate) starting: watch::Sender<Starting>,
    /// Fires when the agent ends: what is still starting is given up.
    pub(crate) closing: CancellationToken,
    /// The starts in progress.
    pub(crate) docking: TaskTracker,
}

pub(crate) struct Fleet {
    pub(crate) slots: Vec<Slot>,
    pub(crate) disabled: Vec<Extension>,
    pub(crate) told: HashSet<Conflict>,
    /// Set when the first model call is due: from then on, who has a name keeps it.
    pub(crate) sealed: bool,
}

pub(crate) struct Slot {
    pub(crate) extension: Extension,
    pub(crate) fate: Fate,
    /// Registered while it was still starting.
    pub(crate) early: Registration,
    /// How often it registered more.
    pub(crate) registrations: u32,
}

pub(crate) enum Fate {
    Starting,
    Docked(Arc<Docked>),
    Failed(ExtError),
}

impl Shared {
    pub(crate) async fn dock(
        self: Arc<Self>,
        extension: Extension,
        backend: Arc<dyn Backend>,
        launch: Launch,
    ) {
        let (id, grants) = (extension.id.clone(), launch.grants.clone());
        let _counted = Counted { shared: &self, guard: is_guard(&extension) };
        let started = tokio::select! {
            biased;
            // Dropping a start leaves nothing running.
            () = self.closing.cancelled() => return,
            started = timeout(START, backend.start(&extension, launch)) => started,
        };
        let result = started.unwrap_or_else(|_| {
            Err(Fault::TimedOut { limit: START, while_busy: None }.at(&id, Stage::Start))
        });
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
    }

    fn admit(
        &self,
        extension: &Extension,
        docking: Docking,
        early: Registration,
        grants: Arc<Grants>,
    ) -> Docked {
        let registration =
            self.let_in(extension, Registration::new(), admission::merge(docking.registration, early));
        Docked {
            id: extension.id.clone(),
            instance: docking.instance,
            deadlines: docking.deadlines,
            grants,
            meter: Arc::default(),
            registration: Arc::new(registration),
        }
    }

    /// Adds to what is there what may be added, and tells the rest.
    fn let_in(&self, extension: &Extension, there: Registration, more: Registration) -> Registration {
        let (more, mut refused) = admission::admit(&extension.manifest, more);
        let (all, over) = admission::limited(admission::merge(there, more));
        refused.extend(over);
        self.tell_refused(&extension.id, refused);
        all
    }

    fn tell_refused(&self, id: &ExtensionId, refused: Vec<String>) {
        for line in refused {
            let message = format!("extension \"{id}\": register: {line}; see `wharf ext logs {id}`");
            self.reporter.problem(Some(id), message);
        }
    }

    /// An extension registers more than it did at its start.
    pub(crate) fn register(&self, id: &ExtensionId, more: Registration) {
        let mut fleet = self.lock();
        let Some(slot) = fleet.slots.iter_mut().find(|slot| slot.extension.id == *id) else { return };
        slot.registrations += 1;
        if slot.registrations > LATE_REGISTRATIONS {
            if slot.registrations == LATE_REGISTRATIONS + 1 {
                let message =
                    format!("extension \"{id}\": register: it registers too often; the rest is ignored");
                self.reporter.problem(Some(id), message);
            }
            slot.registrations = LATE_REGISTRATIONS + 1;
            return;
        }
        match &slot.fate {
            Fate::Starting => {
                let early = admission::merge(std::mem::take(&mut slot.early), more);
                let (early, refused) = admission::limited(early);
                self.tell_refused(id, refused);
                slot.early = early;
                return;
            }
            Fate::Failed(_) => return,
            Fate::Docked(docked) => {
                let registration = self.let_in(&slot.extension, (*docked.registration).clone(), more);
                let registration = Arc::new(registration);
                slot.fate = Fate::Docked(Arc::new(Docked { registration, ..(**docked).clone() }));
            }
        }
        self.publish(&mut fleet);
    }

    /// Tells of those that the first model call does not wait for.
    pub(crate) fn tell_late(&self) {
        for slot in self.lock().slots.iter().filter(|slot| matches!(slot.fate, Fate::Starting)) {
            let id = &slot.extension.id;
            let then = if is_guard(&slot.extension) {
                "it guards something, so it is waited for"
            } else {
                "it joins when it is ready"
            };
            let message = format!(
                "extension \"{id}\": start: it is still starting after {} (does it write its hello and flush?); {then}; see `wharf ext logs {id}`",
                seconds(READY_GRACE)
            );
            self.reporter.problem(Some(id), message);
        }
    }

    /// Builds a new snapshot and swaps it in; tells each conflict once.
    pub(crate) fn publish(&self, fleet: &mut Fleet) {
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

    pub(crate) fn docked(&self) -> Vec<Arc<Docked>> {
        self.lock().slots.iter().filter_map(Slot::docked).cloned().collect()
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Fleet> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    pub(crate) fn new(extension: Extension) -> Self {
        Self { extension, fate: Fate::Starting, early: Registration::new(), registrations: 0 }
    }

    fn docked(&self) -> Option<&Arc<Docked>> {
        match &self.fate {
            Fate::Docked(docked) => Some(docked),
            Fate::Starting | Fate::Failed(_) => None,
        }
    }

    /// What it should guard and does not.
    fn absent(&self) -> Option<Absent> {
        let mut hooks = self.extension.manifest.declared()?.hooks;
        let fault = match &self.fate {
            Fate::Docked(docked) => {
                hooks.retain(|hook| {
                    !docked.registration.hooks.iter().any(|registered| registered.on == hook.on)
                });
                "it has not registered the hook that its manifest declares".to_owned()
            }
            Fate::Starting => "it is still starting".to_owned(),
            Fate::Failed(error) => format!("{}: {}", error.stage, error.fault),
        };
        let deadlines = deadlines(&self.extension.program);
        let fault = Fault::NotRunning { why: fault };
        (!hooks.is_empty()).then(|| Absent { id: self.extension.id.clone(), hooks, deadlines, fault })
    }
}

/// Counts a start as ended, however it ends.
struct Counted<'a> {
    shared: &'a Shared,
    guard: bool,
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.shared.starting.send_modify(|starting| {
            starting.all -= 1;
            starting.guards -= usize::from(self.guard);
        });
    }
}

/// Whether its manifest declares a hook that closes when it fails.
pub(crate) fn is_guard(extension: &Extension) -> bool {
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
