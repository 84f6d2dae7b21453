//! Letting in what extensions register: at the end of a start, and later.

use std::sync::Arc;

use wharf_protocol::id::ExtensionId;
use wharf_protocol::json::Json;
use wharf_protocol::registration::Registration;

use crate::admission;
use crate::docked::Docked;
use crate::extension::Extension;
use crate::fleet::{Fleet, Shared};
use crate::inbound::LogSource;
use crate::limits::Deadlines;
use crate::meter::Meter;
use crate::schema::aside;
use crate::slot::{Fate, Slot};
use crate::supervisor::Supervisor;

/// Frames or calls with which one extension may register more; the rest is ignored, and told once.
const LATE_REGISTRATIONS: u32 = 1000;

/// Lines about registrations that are told; what an extension can bring about must not go on for ever.
const REFUSALS: usize = 10_000;

impl Shared {
    /// An extension has started, the first time or again: what it registers counts from now on.
    pub(crate) fn docked(
        self: &Arc<Self>,
        supervisor: &Arc<Supervisor>,
        registration: Registration,
        deadlines: Deadlines,
    ) {
        let mut fleet = self.lock();
        let Some(slot) = fleet.slot(supervisor) else { return };
        let meter = slot.fate.docked().map(|docked| docked.meter.clone()).unwrap_or_default();
        let refused = slot.take_in(registration, deadlines, meter);
        let registration = slot.fate.docked().map(|docked| docked.registration.clone());
        self.tell_refused(&mut fleet, supervisor.id(), refused);
        self.publish(&mut fleet);
        drop(fleet);
        if let Some(registration) = registration {
            self.remember(supervisor, registration);
        }
    }

    pub(crate) fn remember(self: &Arc<Self>, supervisor: &Arc<Supervisor>, registration: Arc<Registration>) {
        self.keep_guard(supervisor);
        let (shared, supervisor) = (self.clone(), supervisor.clone());
        self.tasks.spawn_blocking(move || {
            let extension = &supervisor.launcher.extension;
            if let Err(why) = shared.history.remember(extension, &registration) {
                let text = format!("what it registers could not be kept for the next run: {why}");
                shared.reporter.log(&extension.id, LogSource::Host, &text);
            }
        });
    }

    /// Keeps what an extension guards now, so that it stays closed when the extension is not there any more.
    pub(crate) fn keep_guard(self: &Arc<Self>, supervisor: &Arc<Supervisor>) {
        let Some(watchmen) = self.history.watchmen.clone() else { return };
        if !self.lock().slot(supervisor).is_some_and(Slot::has_to_be_kept) {
            return;
        }
        let (shared, supervisor) = (self.clone(), supervisor.clone());
        self.keeping.spawn_blocking(move || {
            let now = || shared.lock().slot(&supervisor).and_then(|slot| slot.guarded());
            let extension = &supervisor.launcher.extension;
            if let Err(error) = watchmen.keep(extension, now) {
                let id = &extension.id;
                let text =
                    format!("extension \"{id}\": what it guards could not be kept for the next run: {error}");
                shared.reporter.problem(Some(id), text);
            }
        });
    }

    /// Waits until what was to be kept of guards so far is kept. Has no limit of its own.
    pub(crate) async fn kept(&self) {
        self.keeping.close();
        self.keeping.wait().await;
        self.keeping.reopen();
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

    /// An extension registers more than it did at its start. Gives what is left out of it, one line each.
    pub(crate) fn register(
        self: &Arc<Self>,
        supervisor: &Arc<Supervisor>,
        generation: u64,
        more: Registration,
    ) -> Vec<String> {
        if !supervisor.is_current(generation) {
            return gone();
        }
        // Whoever calls this for an extension waits, so what comes after stays after.
        if supervisor.early().frames < LATE_REGISTRATIONS && !more.tools.is_empty() {
            aside(|| supervisor.vet(&more));
        }
        let mut fleet = self.lock();
        if !supervisor.is_current(generation) {
            return gone();
        }
        let id = supervisor.id();
        let over = {
            let mut early = supervisor.early();
            early.frames = early.frames.saturating_add(1);
            if early.frames > LATE_REGISTRATIONS {
                if early.frames == LATE_REGISTRATIONS + 1 {
                    let message =
                        format!("extension \"{id}\": register: it registers too often; the rest is ignored");
                    self.reporter.problem(Some(id), message);
                }
                return vec!["it registers too often".to_owned()];
            }
            early.over
        };
        if !over {
            let refused = wait(supervisor, more);
            self.tell_refused(&mut fleet, id, refused.clone());
            return refused;
        }
        // Who has lost its place registers nothing any more.
        let Some(slot) = fleet.slot(supervisor) else { return gone() };
        let Fate::Docked(docked) = &slot.fate else { return gone() };
        let (registration, refused) = let_in(&slot.supervisor, (*docked.registration).clone(), more);
        let registration = decided(registration, &docked.deadlines);
        let registration = Arc::new(registration);
        let is_guarded = registration.hooks != docked.registration.hooks;
        slot.fate = Fate::Docked(Arc::new(Docked { registration, ..(**docked).clone() }));
        self.tell_refused(&mut fleet, id, refused.clone());
        self.publish(&mut fleet);
        drop(fleet);
        if is_guarded {
            self.keep_guard(supervisor);
        }
        refused
    }
}

/// What is said to an instance whose place another one has taken.
fn gone() -> Vec<String> {
    vec!["another instance has taken its place".to_owned()]
}

/// From its hello on it is known what an undeclared policy means, and that holds also when it is in quarantine.
fn decided(mut registration: Registration, deadlines: &Deadlines) -> Registration {
    for hook in &mut registration.hooks {
        hook.on_failure.get_or_insert(deadlines.undeclared_policy(hook.on));
    }
    registration
}

/// What is registered during a start waits for its end. Gives what may not wait, one line each.
fn wait(supervisor: &Supervisor, more: Registration) -> Vec<String> {
    let mut early = supervisor.early();
    let (more, mut refused) = admission::limited(more);
    let all = admission::merge(std::mem::take(&mut early.registration), more);
    let (all, over) = admission::limited(all);
    early.registration = all;
    refused.extend(over);
    refused
}

impl Slot {
    /// A start has come to its end: what it registered, and what it registered meanwhile, is let in. Gives what is not,
    /// one line each.
    pub(crate) fn take_in(
        &mut self,
        registration: Registration,
        deadlines: Deadlines,
        meter: Arc<Meter>,
    ) -> Vec<String> {
        let early = {
            let mut early = self.supervisor.early();
            early.over = true;
            std::mem::take(&mut early.registration)
        };
        let (registration, mut refused) = let_in(&self.supervisor, Registration::new(), registration);
        let (registration, over) = let_in(&self.supervisor, registration, early);
        refused.extend(over);
        let stand = self.stand(Arc::new(decided(registration, &deadlines)));
        self.fate = Fate::Docked(Arc::new(Docked { deadlines, meter, ..stand }));
        refused
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
fn let_in(supervisor: &Supervisor, there: Registration, more: Registration) -> (Registration, Vec<String>) {
    let (more, mut refused) = admission::limited(more);
    let verdict = |schema: &Json| supervisor.early().vetting.verdict(schema);
    let (more, not_let_in) = admission::admit(&supervisor.launcher.extension.manifest, more, &verdict);
    let (all, over) = admission::limited(admission::merge(there, more));
    refused.extend(not_let_in.into_iter().chain(over));
    (all, refused)
}
