//! What became of each extension, and the snapshot that follows from it.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use wharf_protocol::id::ExtensionId;
use wharf_protocol::registration::Registration;

use crate::admission;
use crate::dispatcher::Dispatcher;
use crate::docked::Docked;
use crate::error::{ExtError, Fault, Stage, seconds};
use crate::extension::Extension;
use crate::history::History;
use crate::inbound::LogSource;
use crate::journal::Journal;
use crate::life::Phase;
use crate::limits::{Deadlines, READY_GRACE};
use crate::registry::{Parts, Registry, Renames};
use crate::reporter::Reporter;
use crate::requests::Requests;
use crate::slot::{Fate, Slot};
use crate::supervisor::Supervisor;

/// Frames or calls with which one extension may register more; the rest is ignored, and told once.
const LATE_REGISTRATIONS: u32 = 1000;

/// Lines about registrations that are told; what an extension can bring about must not go on for ever.
const REFUSALS: usize = 10_000;

/// What all extensions of one agent have in common.
pub(crate) struct Shared {
    pub(crate) dispatcher: Arc<Dispatcher>,
    pub(crate) reporter: Reporter,
    pub(crate) journal: Arc<Journal>,
    pub(crate) reserved: Vec<String>,
    pub(crate) renames: Renames,
    pub(crate) history: History,
    pub(crate) requests: Requests,
    pub(crate) state: Mutex<Fleet>,
    /// Told whenever an extension enters another phase of its life.
    pub(crate) changed: watch::Sender<()>,
    /// Fires when the agent ends: what is still starting is given up.
    pub(crate) closing: CancellationToken,
    /// Starts, pauses and writes in progress.
    pub(crate) tasks: TaskTracker,
}

pub(crate) struct Fleet {
    pub(crate) slots: Vec<Slot>,
    pub(crate) disabled: Vec<Extension>,
    /// What was said about registrations: each line once.
    pub(crate) told: HashSet<String>,
    /// Set when the first model call is due: from then on, who has a name keeps it.
    pub(crate) sealed: bool,
}

impl Fleet {
    fn slot(&mut self, id: &ExtensionId) -> Option<&mut Slot> {
        self.slots.iter_mut().find(|slot| slot.extension().id == *id)
    }
}

impl Shared {
    /// An extension has started, the first time or again: what it registers counts from now on.
    pub(crate) fn docked(
        self: &Arc<Self>,
        supervisor: &Arc<Supervisor>,
        registration: Registration,
        deadlines: Deadlines,
    ) {
        let mut fleet = self.lock();
        let Some(slot) = fleet.slot(supervisor.id()) else { return };
        let early = std::mem::take(&mut slot.early);
        let (registration, mut refused) = let_in(slot.extension(), Registration::new(), registration);
        let (registration, over) = let_in(slot.extension(), registration, early);
        refused.extend(over);
        let registration = Arc::new(registration);
        let meter = slot.fate.docked().map(|docked| docked.meter.clone()).unwrap_or_default();
        slot.fate = Fate::Docked(Arc::new(Docked { deadlines, meter, ..slot.stand(registration.clone()) }));
        self.tell_refused(&mut fleet, supervisor.id(), refused);
        self.publish(&mut fleet);
        drop(fleet);
        self.remember(supervisor, registration);
    }

    /// A start begins: what an earlier one left half-said does not count.
    pub(crate) fn begun(&self, id: &ExtensionId) {
        if let Some(slot) = self.lock().slot(id) {
            slot.early = Registration::new();
            slot.registrations = 0;
        }
    }

    /// Its first start has failed: it stays out.
    pub(crate) fn failed(&self, id: &ExtensionId, error: ExtError) {
        self.reporter.fault(&error, None);
        let mut fleet = self.lock();
        let Some(slot) = fleet.slot(id) else { return };
        slot.fate = Fate::Failed(error);
        self.publish(&mut fleet);
    }

    /// A running extension has ended on its own.
    pub(crate) fn lost(&self, error: &ExtError, consequence: &str) {
        self.requests.ui.gone(&error.extension);
        match error.stage {
            // Whoever made the call tells the user.
            Stage::Call | Stage::Tool(_) | Stage::Command(_) | Stage::Hook(_) => {
                let text = format!("{error} → {consequence}");
                self.reporter.log(&error.extension, LogSource::Host, &text);
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
            | Stage::Stop => self.reporter.fault(error, Some(consequence)),
        }
    }

    /// An extension has crashed too often. It is told by name, and kept out in later runs too.
    pub(crate) fn quarantine(self: &Arc<Self>, supervisor: &Arc<Supervisor>, why: String) {
        let id = supervisor.id();
        let fault = Fault::Quarantined { why: why.clone() };
        self.reporter.fault(&fault.clone().at(id, Stage::Running), None);
        let mut fleet = self.lock();
        let Some(slot) = fleet.slot(id) else { return };
        let docked = slot.fate.docked().cloned();
        let hooks = docked.as_ref().map(|docked| docked.registration.hooks.clone()).unwrap_or_default();
        slot.fate = Fate::Quarantined(docked, fault);
        self.publish(&mut fleet);
        drop(fleet);
        let (shared, supervisor) = (self.clone(), supervisor.clone());
        self.tasks.spawn_blocking(move || {
            let extension = &supervisor.launcher.extension;
            if let Err(why) = shared.history.confine(extension, why, hooks) {
                let id = &extension.id;
                let text = format!("extension \"{id}\": its quarantine counts for this run alone: {why}");
                shared.reporter.problem(Some(id), text);
            }
        });
    }

    fn remember(self: &Arc<Self>, supervisor: &Arc<Supervisor>, registration: Arc<Registration>) {
        let (shared, supervisor) = (self.clone(), supervisor.clone());
        self.tasks.spawn_blocking(move || {
            let extension = &supervisor.launcher.extension;
            if let Err(why) = shared.history.remember(extension, &registration) {
                let text = format!("what it registers could not be kept for the next run: {why}");
                shared.reporter.log(&extension.id, LogSource::Host, &text);
            }
        });
    }

    /// Tells what of a registration is not let in.
    pub(crate) fn tell_refused(&self, fleet: &mut Fleet, id: &ExtensionId, refused: Vec<String>) {
        for line in refused {
            let message = format!("extension \"{id}\": register: {line}; see `wharf ext logs {id}`");
            if fleet.told.len() < REFUSALS && fleet.told.insert(message.clone()) {
                self.reporter.problem(Some(id), message);
            }
        }
    }

    /// An extension registers more than it did at its start.
    pub(crate) fn register(&self, id: &ExtensionId, generation: u64, more: Registration) {
        let mut fleet = self.lock();
        let Some(slot) = fleet.slot(id).filter(|slot| slot.supervisor.is_current(generation)) else { return };
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
        match (&slot.fate, slot.supervisor.phase()) {
            (Fate::Docked(docked), Phase::Up | Phase::Resting(_)) => {
                let (registration, refused) = let_in(slot.extension(), (*docked.registration).clone(), more);
                let registration = Arc::new(registration);
                slot.fate = Fate::Docked(Arc::new(Docked { registration, ..(**docked).clone() }));
                self.tell_refused(&mut fleet, id, refused);
                self.publish(&mut fleet);
            }
            (Fate::Starting | Fate::Docked(_), _) => {
                let (more, mut refused) = admission::limited(more);
                let early = admission::merge(std::mem::take(&mut slot.early), more);
                let (early, over) = admission::limited(early);
                refused.extend(over);
                slot.early = early;
                self.tell_refused(&mut fleet, id, refused);
            }
            (Fate::Failed(_) | Fate::Quarantined(..), _) => {}
        }
    }

    /// Tells of those that the first model call does not wait for.
    pub(crate) fn tell_late(&self) {
        for slot in self.lock().slots.iter().filter(|slot| slot.is_starting()) {
            let id = &slot.extension().id;
            let then = if slot.is_guard() {
                "it guards something, so it is waited for"
            } else {
                "it joins when it is ready"
            };
            let hint = if slot.is_compiling() {
                "it is being compiled, once"
            } else {
                "does it write its hello and flush?"
            };
            let message = format!(
                "extension \"{id}\": start: it is still starting after {} ({hint}); {then}; see `wharf ext logs {id}`",
                seconds(READY_GRACE)
            );
            self.reporter.problem(Some(id), message);
        }
    }

    /// Builds a new snapshot and swaps it in; tells each conflict once.
    pub(crate) fn publish(&self, fleet: &mut Fleet) {
        let docked: Vec<Arc<Docked>> = fleet.slots.iter().filter_map(Slot::shown).collect();
        let absent = fleet.slots.iter().filter_map(Slot::absent).collect();
        let (registry, conflicts) = Registry::build(&Parts {
            docked: &docked,
            absent,
            reserved: &self.reserved,
            renames: &self.renames,
            previous: &self.dispatcher.registry(),
            sealed: fleet.sealed,
        });
        self.dispatcher.replace(registry);
        let starting = fleet.slots.iter().any(|slot| matches!(slot.fate, Fate::Starting));
        if fleet.sealed || !starting {
            for conflict in conflicts {
                let line = conflict.to_string();
                if fleet.told.insert(line.clone()) {
                    self.reporter.problem(Some(&conflict.loser), line);
                }
            }
        }
    }

    /// Waits until this holds of every extension. Has no limit of its own.
    pub(crate) async fn until_all(&self, holds: impl Fn(&Slot) -> bool) {
        let mut changed = self.changed.subscribe();
        while !self.lock().slots.iter().all(&holds) {
            // The sender lives as long as `self`.
            _ = changed.changed().await;
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Fleet> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What counts of a registration that is known of an extension which sleeps; and what does not, one line each.
pub(crate) fn let_sleep(extension: &Extension, known: Registration) -> (Registration, Vec<String>) {
    let (known, mut refused) = admission::limited(known);
    let (known, not_let_in) = admission::admit_known(&extension.manifest, known);
    refused.extend(not_let_in);
    (known, refused)
}

/// Adds to what is there what may be added; gives also what may not, one line each.
pub(crate) fn let_in(
    extension: &Extension,
    there: Registration,
    more: Registration,
) -> (Registration, Vec<String>) {
    // First how many, then what they are: looking at each takes its time.
    let (more, mut refused) = admission::limited(more);
    let (more, not_let_in) = admission::admit(&extension.manifest, more);
    let (all, over) = admission::limited(admission::merge(there, more));
    refused.extend(not_let_in.into_iter().chain(over));
    (all, refused)
}
