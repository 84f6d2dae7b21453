//! Reloading: what lies in the extensions' directories now takes the place of what runs, in one step.
//!
//! A new version starts beside the one that runs, which is told nothing of it. When all have started or failed, one
//! snapshot of the registry takes in those that have started, those that are new, and leaves out those that are gone.
//! What has failed changes nothing: the version before stays. Calls that are in an old version come to their end there.
//!
//! | module | what |
//! |---|---|
//! | `candidate` | a version that may take a place, and its start beside the one that runs |
//! | `aftermath` | who takes which place, and what is to be done when the new snapshot is there |
//! | `report` | what is told of it |

mod aftermath;
mod candidate;
mod report;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::timeout;
use wharf_protocol::id::ExtensionId;

use crate::discovery::{Discovery, Problem};
use crate::extension::Extension;
use crate::fleet::Shared;
use crate::history::{Past, Recollection};
use crate::lifecycle::Extensions;
use crate::slot::Slot;
use crate::watchmen::Missing;

use aftermath::Aftermath;
use candidate::Candidate;
pub use report::{Change, What, summary};

/// How long it may take to write down what is guarded.
const KEPT: Duration = Duration::from_secs(2);

/// Which of those that are there already are started anew. What is new docks and what is gone undocks in any case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// All of them.
    All,
    /// These.
    These(Vec<ExtensionId>),
}

impl Which {
    fn includes(&self, id: &ExtensionId) -> bool {
        match self {
            Self::All => true,
            Self::These(ids) => ids.contains(id),
        }
    }
}

impl Extensions {
    /// Looks again with `look`, and reloads. One reload runs at a time; the next one waits, and looks after that.
    /// Dropping this future before its end changes nothing.
    ///
    /// # Errors
    /// `look` failed, or the agent ends: nothing has changed then. An extension that cannot be started is none, but a
    /// [`What::Failed`].
    pub async fn reload(
        &self,
        look: impl Future<Output = Result<(Discovery, Recollection), String>> + Send,
        which: &Which,
    ) -> Result<Vec<Change>, String> {
        let fleet = &self.shared;
        let work = async {
            let _turn = fleet.reloading.lock().await;
            // A list that cannot be written in time is told by whoever writes it.
            _ = timeout(KEPT, fleet.kept()).await;
            let (discovery, recollection) = look.await?;
            let mut attempt = Attempt::prepare(fleet, discovery, recollection);
            attempt.choose(fleet, which);
            join_all(attempt.candidates.iter_mut().map(Candidate::try_out)).await;
            attempt.swap(fleet, which)
        };
        tokio::select! {
            biased;
            () = fleet.closing.cancelled() => Err(ending()),
            done = work => done,
        }
    }
}

/// One reload.
struct Attempt {
    found: Vec<(Extension, Past)>,
    disabled: Vec<Extension>,
    problems: Vec<Problem>,
    missing: Vec<Missing>,
    /// Everything that was found, in order of precedence.
    order: Vec<ExtensionId>,
    candidates: Vec<Candidate>,
}

impl Attempt {
    fn prepare(fleet: &Shared, discovery: Discovery, recollection: Recollection) -> Self {
        for problem in recollection.problems {
            fleet.reporter.problem(None, problem);
        }
        let order = discovery.extensions.iter().map(|extension| extension.id.clone()).collect();
        let pasts = recollection.pasts.into_iter().chain(std::iter::repeat_with(Past::default));
        Self {
            found: discovery.extensions.into_iter().zip(pasts).collect(),
            disabled: discovery.disabled,
            problems: discovery.problems,
            missing: recollection.missing,
            order,
            candidates: Vec::new(),
        }
    }

    /// Those that are new, and those that are to be started anew.
    fn choose(&mut self, fleet: &Arc<Shared>, which: &Which) {
        for (extension, past) in std::mem::take(&mut self.found) {
            let place = candidate::place(&fleet.lock(), &extension.id);
            if place.is_none() || which.includes(&extension.id) {
                self.candidates.push(Candidate::new(fleet, extension, past, place));
            }
        }
    }

    /// The one step: who has started takes its place, in one snapshot.
    fn swap(self, fleet: &Arc<Shared>, which: &Which) -> Result<Vec<Change>, String> {
        let mut guard = fleet.lock();
        if fleet.closing.is_cancelled() {
            return Err(ending());
        }
        let Self { disabled, problems, missing, order, mut candidates, .. } = self;
        let mut after = Aftermath::default();
        let mut before: Vec<Option<Slot>> = guard.slots.drain(..).map(Some).collect();
        for id in &order {
            let candidate = candidates.iter().position(|candidate| candidate.slot.extension().id == *id);
            let candidate = candidate.map(|index| candidates.swap_remove(index));
            let old = before.iter_mut().find(|slot| slot.as_ref().is_some_and(|slot| is(slot, id)));
            let old = old.and_then(Option::take);
            let slot = match candidate {
                Some(candidate) => {
                    tell_odd(fleet, candidate.slot.extension(), &problems);
                    Some(after.place(fleet, &mut guard, candidate, old))
                }
                None => old,
            };
            guard.slots.extend(slot);
        }
        after.leave(&mut guard, before, &problems, which);
        after.tell_missing(&order, &guard, &problems, which);
        guard.disabled = disabled;
        guard.missing = missing;
        fleet.publish(&mut guard);
        drop(guard);
        Ok(after.finish(fleet))
    }
}

/// What is odd about an extension, and does not keep it from being loaded.
fn tell_odd(fleet: &Shared, extension: &Extension, problems: &[Problem]) {
    for problem in problems.iter().filter(|problem| !problem.fatal && problem.is_at(extension)) {
        fleet.reporter.problem(Some(&extension.id), format!("warning: {}", problem.message));
    }
}

fn is(slot: &Slot, id: &ExtensionId) -> bool {
    slot.extension().id == *id
}

fn ending() -> String {
    "nothing is reloaded any more: the agent is ending".to_owned()
}
