//! What became of each extension, and the snapshot that follows from it.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::dispatcher::Dispatcher;
use crate::docked::Docked;
use crate::error::{ExtError, Fault, Stage, seconds};
use crate::extension::Extension;
use crate::history::{History, Past};
use crate::inbound::LogSource;
use crate::journal::Journal;
use crate::limits::READY_GRACE;
use crate::registry::{Parts, Registry, Renames, Reserved};
use crate::renames;
use crate::reporter::Reporter;
use crate::requests::Requests;
use crate::shipyard::Shipyard;
use crate::slot::{Fate, Slot};
use crate::supervisor::Supervisor;
use crate::watchmen::Missing;
use crate::watchmen::closed::uncovered;

/// What all extensions of one agent have in common.
pub(crate) struct Shared {
    pub(crate) dispatcher: Arc<Dispatcher>,
    pub(crate) reporter: Reporter,
    pub(crate) journal: Arc<Journal>,
    pub(crate) reserved: Reserved,
    pub(crate) renames: Renames,
    pub(crate) history: History,
    pub(crate) requests: Requests,
    pub(crate) shipyard: Shipyard,
    pub(crate) state: Mutex<Fleet>,
    /// One reload at a time; the next one waits.
    pub(crate) reloading: tokio::sync::Mutex<()>,
    /// Told whenever an extension enters another phase of its life.
    pub(crate) changed: watch::Sender<()>,
    /// Fires when the agent ends: what is still starting is given up.
    pub(crate) closing: CancellationToken,
    /// Starts, pauses and writes in progress.
    pub(crate) tasks: TaskTracker,
    /// What is being kept of guards: whoever asks what is missing waits for it.
    pub(crate) keeping: TaskTracker,
}

#[derive(Default)]
pub(crate) struct Fleet {
    pub(crate) slots: Vec<Slot>,
    pub(crate) disabled: Vec<Extension>,
    /// Guards that should be there and are not.
    pub(crate) missing: Vec<Missing>,
    /// What was said about registrations: each line once.
    pub(crate) told: HashSet<String>,
    /// Set when the first model call is due: from then on, who has a name keeps it.
    pub(crate) sealed: bool,
}

impl Fleet {
    /// The place that this supervisor keeps; none when another has taken it.
    pub(crate) fn slot(&mut self, supervisor: &Arc<Supervisor>) -> Option<&mut Slot> {
        self.slots.iter_mut().find(|slot| Arc::ptr_eq(&slot.supervisor, supervisor))
    }
}

impl Fleet {
    /// What of a missing guard's nobody guards now.
    fn left_of(&self, missing: &Missing) -> Option<Missing> {
        let watchman = &missing.watchman;
        let Some(slot) = self.slots.iter().find(|slot| watchman.is(slot.extension())) else {
            return Some(missing.clone());
        };
        // Though it cannot be used as it is now, it runs on as it was.
        if slot.extension().place == watchman.path {
            return None;
        }
        // Another has its name. Before it is known what that guards, it stands for what the one before guarded.
        missing.only(uncovered(&watchman.hooks, &slot.guarded()?))
    }
}

impl Shared {
    /// Tells what is closed because its guard is missing: of each once.
    fn tell_missing(&self, fleet: &mut Fleet, missing: &[Missing]) {
        for missing in missing {
            let notice = missing.notice();
            if !fleet.told.contains(&notice) {
                self.reporter.problem(Some(&missing.watchman.name), notice.clone());
                fleet.told.insert(notice);
            }
        }
    }

    /// Its first start has failed: it stays out.
    pub(crate) fn failed(&self, supervisor: &Arc<Supervisor>, error: ExtError) {
        let mut fleet = self.lock();
        let Some(slot) = fleet.slot(supervisor) else { return };
        self.reporter.fault(&error, None);
        self.requests.ui.gone(&error.extension);
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
        let fault = Fault::Quarantined { why: why.clone() };
        let mut fleet = self.lock();
        let Some(slot) = fleet.slot(supervisor) else { return };
        self.reporter.fault(&fault.clone().at(supervisor.id(), Stage::Running), None);
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
        let missing: Vec<Missing> = fleet.missing.iter().filter_map(|it| fleet.left_of(it)).collect();
        let absent = fleet.slots.iter().filter_map(Slot::absent);
        let absent = absent.chain(missing.iter().map(Missing::absent)).collect();
        let (registry, conflicts) = Registry::build(&Parts {
            docked: &docked,
            absent,
            reserved: &self.reserved,
            renames: &self.renames,
            previous: &self.dispatcher.registry(),
            sealed: fleet.sealed,
        });
        self.dispatcher.replace(registry);
        self.tell_missing(fleet, &missing);
        let starting = fleet.slots.iter().any(|slot| matches!(slot.fate, Fate::Starting));
        if fleet.sealed || !starting {
            for conflict in conflicts {
                let line = conflict.to_string();
                if fleet.told.insert(line.clone()) {
                    self.reporter.problem(Some(&conflict.loser), line);
                }
            }
            self.tell_unused_renames(fleet);
        }
    }

    /// Tells of each new name for something that an extension has not. Of one in quarantine, not all is shown.
    fn tell_unused_renames(&self, fleet: &mut Fleet) {
        let Fleet { slots, told, .. } = fleet;
        let docked = slots.iter().filter_map(|slot| match &slot.fate {
            Fate::Docked(docked) => Some(docked),
            Fate::Starting | Fate::Failed(_) | Fate::Quarantined(..) => None,
        });
        for docked in docked {
            for line in renames::unused(&self.renames, docked) {
                if told.insert(line.clone()) {
                    self.reporter.problem(Some(&docked.id), line);
                }
            }
        }
    }

    /// A place for an extension of which this is known; gives also what of that does not count, one line each.
    pub(crate) fn fit_out(self: &Arc<Self>, extension: Extension, past: Past) -> (Slot, Vec<String>) {
        self.shipyard.fit_out(extension, past, Arc::downgrade(self), &self.closing)
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
