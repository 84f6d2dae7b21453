//! Who takes which place, and what is to be done when the new snapshot is there.

use std::sync::Arc;

use wharf_protocol::id::ExtensionId;
use wharf_protocol::registration::Registration;

use super::candidate::Candidate;
use super::{Change, What, Which};
use crate::discovery::Problem;
use crate::error::ExtError;
use crate::fleet::{Fleet, Shared};
use crate::inbound::LogSource;
use crate::slot::{Fate, Slot};
use crate::supervisor::{Departure, Supervisor, Trial};

/// What is to be done when the new snapshot is there.
#[derive(Default)]
pub(super) struct Aftermath {
    changes: Vec<Change>,
    settling: Vec<(Arc<Supervisor>, Trial, Arc<Registration>)>,
    departures: Vec<Departure>,
    /// Who has its place and sleeps.
    asleep: Vec<Arc<Supervisor>>,
}

impl Aftermath {
    /// Gives its place to a candidate; or leaves it to the one before, if the candidate has failed.
    pub(super) fn place(
        &mut self,
        fleet: &Shared,
        guard: &mut Fleet,
        candidate: Candidate,
        old: Option<Slot>,
    ) -> Slot {
        if let Some(error) = candidate.obstacle() {
            return self.reject(fleet, candidate.slot, old, error);
        }
        let Candidate { mut slot, mut refused, trial, .. } = candidate;
        let id = slot.extension().id.clone();
        let meter = old.as_ref().and_then(|old| old.fate.docked()).map(|docked| docked.meter.clone());
        if let Some(Ok(trial)) = trial {
            let (registration, deadlines) = (trial.docking.registration.clone(), trial.docking.deadlines);
            refused.extend(slot.take_in(registration, deadlines, meter.unwrap_or_default()));
            let known = slot.fate.docked().map(|docked| docked.registration.clone()).unwrap_or_default();
            self.settling.push((slot.supervisor.clone(), trial, known));
        } else {
            self.asleep.push(slot.keeper());
            if let Some(meter) = meter {
                slot.keep_meter(meter);
            }
        }
        let what = if old.is_some() { What::Replaced } else { What::Docked };
        self.changes.push(Change { name: id.to_string(), what });
        if let Some(old) = old {
            self.departures.push(old.supervisor.give_way(Some(&slot.supervisor), old.deadlines()));
            // What was wrong with the version before is worth telling again.
            let quoted = format!("\"{id}\"");
            guard.told.retain(|line| !line.contains(&quoted));
        }
        fleet.tell_refused(guard, &id, refused);
        slot
    }

    /// What has failed takes only a place in which nothing serves.
    fn reject(&mut self, fleet: &Shared, mut slot: Slot, old: Option<Slot>, error: ExtError) -> Slot {
        let old = old.filter(|old| !matches!(old.fate, Fate::Failed(_)));
        slot.supervisor.retire();
        let id = &slot.extension().id;
        let then = if old.is_some() { " → the one before stays" } else { "" };
        let why = format!("{error}{then}");
        fleet.reporter.log(id, LogSource::Host, &format!("reload: {why}"));
        self.changes.push(Change { name: id.to_string(), what: What::Failed(why) });
        if !matches!(slot.fate, Fate::Quarantined(..)) {
            slot.fate = Fate::Failed(error);
        }
        old.unwrap_or(slot)
    }

    /// Lets go of what is gone. What is there but cannot be read stays as it was.
    pub(super) fn leave(
        &mut self,
        guard: &mut Fleet,
        before: Vec<Option<Slot>>,
        problems: &[Problem],
        which: &Which,
    ) {
        for (index, slot) in before.into_iter().enumerate() {
            let Some(slot) = slot else { continue };
            let id = slot.extension().id.clone();
            let broken = problems.iter().find(|problem| problem.is_about(slot.extension()));
            let Some(problem) = broken else {
                self.departures.push(slot.supervisor.give_way(None, slot.deadlines()));
                self.changes.push(Change { name: id.to_string(), what: What::Undocked });
                continue;
            };
            if which.includes(&id) {
                let why = format!("{} → the one before stays", problem.message);
                self.changes.push(Change { name: id.to_string(), what: What::Failed(why) });
            }
            guard.slots.insert(index.min(guard.slots.len()), slot);
        }
    }

    /// Tells of what could not be used although it was asked for.
    pub(super) fn tell_missing(
        &mut self,
        order: &[ExtensionId],
        guard: &Fleet,
        problems: &[Problem],
        which: &Which,
    ) {
        match which {
            Which::All => {
                let about = |problem: &Problem| {
                    guard.slots.iter().any(|slot| {
                        problem.is_about(slot.extension()) && !order.contains(&slot.extension().id)
                    })
                };
                let others = problems.iter().filter(|problem| problem.fatal && !about(problem));
                self.changes.extend(others.map(|problem| Change {
                    name: problem.path.display().to_string(),
                    what: What::Failed(problem.message.clone()),
                }));
            }
            Which::These(ids) => {
                for id in ids {
                    let is_told = self.changes.iter().any(|change| change.name == id.as_str());
                    if !is_told && !order.contains(id) {
                        self.changes.push(Change::unknown(id.as_str(), order));
                    }
                }
            }
        }
    }

    /// Outside of the lock: guests run now.
    pub(super) fn finish(self, fleet: &Arc<Shared>) -> Vec<Change> {
        for (supervisor, trial, registration) in self.settling {
            supervisor.settle(fleet, trial);
            fleet.remember(&supervisor, registration);
        }
        self.asleep.iter().for_each(|supervisor| fleet.keep_guard(supervisor));
        for departure in self.departures {
            fleet.tasks.spawn(departure.finish(fleet.clone()));
        }
        fleet.changed.send_replace(());
        self.changes
    }
}
