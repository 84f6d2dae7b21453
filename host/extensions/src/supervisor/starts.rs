//! Starting an extension: when it is needed, again after a crash, and on trial beside the version that it is to replace.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};
use wharf_protocol::notice::Level;
use wharf_protocol::registration::Occasion;

use super::departure::stopped;
use super::{Early, Supervisor, Up};
use crate::backend::{Docking, ExtCall, Instance};
use crate::breaker::Next;
use crate::error::{ExtError, Fault, Stage, seconds};
use crate::fleet::Shared;
use crate::footing::Footing;
use crate::inbound::{Inbound, LogSource};
use crate::launcher::Why;
use crate::life::{Arrival, Phase, too_often};
use crate::limits::Deadlines;
use crate::services::Services;

/// Compiling that takes longer than this is told.
const A_WHILE: Duration = Duration::from_secs(1);

/// A start that has succeeded beside the version that it is to replace. Dropping it ends what was started.
pub(crate) struct Trial {
    pub(crate) docking: Docking,
    inbound: Inbound,
}

impl Supervisor {
    /// Starts it if it sleeps.
    pub(crate) fn wake(self: &Arc<Self>) {
        self.begin(|phase| matches!(phase, Phase::Asleep));
    }

    fn begin(self: &Arc<Self>, from: impl FnOnce(&Phase) -> bool) {
        let Some(fleet) = self.fleet.upgrade() else { return };
        let Some(generation) = self.life().begin(from) else { return };
        *self.early() = Early::default();
        self.tell_change(&fleet);
        fleet.tasks.spawn(self.clone().start(generation, fleet.clone()));
    }

    async fn start(self: Arc<Self>, generation: u64, fleet: Arc<Shared>) {
        let (inbound, why) = (self.inbound(generation, Footing::firm()), self.life().why());
        let started = tokio::select! {
            biased;
            // Dropping a start leaves nothing running.
            () = self.ending.cancelled() => return self.end(&fleet, stopped()),
            started = self.launch(inbound.clone(), why) => started,
        };
        match started {
            Ok(Docking { instance, registration, deadlines }) => {
                // Who asks for it from now on waits until it has arrived.
                fleet.docked(&self, registration, deadlines);
                self.arrive(&fleet, instance, &deadlines, &inbound);
            }
            Err(error) if self.life().is_proven() => self.crashed(&fleet, &error),
            Err(error) => {
                let why = format!("{}: {}", error.stage, error.fault);
                self.retire();
                fleet.failed(&self, error);
                self.end(&fleet, Fault::NotRunning { why });
            }
        }
    }

    /// Starts it on trial. Nothing of it shows, and nobody is told of a failure, but who called this.
    ///
    /// # Errors
    /// Why it could not be started; it is out then.
    pub(crate) async fn try_out(self: &Arc<Self>) -> Result<Trial, ExtError> {
        let begun = self.life().begin(|phase| matches!(phase, Phase::Asleep));
        let generation = begun.ok_or_else(|| stopped().at(self.id(), Stage::Start))?;
        let inbound = self.inbound(generation, Footing::on_trial());
        let why = Why { occasion: Occasion::Reloaded, loss: None };
        let started = tokio::select! {
            biased;
            () = self.ending.cancelled() => Err(stopped().at(self.id(), Stage::Start)),
            started = self.launch(inbound.clone(), why) => started,
        };
        match started {
            Ok(docking) => Ok(Trial { docking, inbound }),
            Err(error) => {
                let why = format!("{}: {}", error.stage, error.fault);
                self.retire();
                self.life().end(Fault::NotRunning { why });
                Err(error)
            }
        }
    }

    /// Starts the program, and looks at the schemas that it registers before anybody waits for that.
    async fn launch(self: &Arc<Self>, inbound: Inbound, why: Why) -> Result<Docking, ExtError> {
        let docking = self.launcher.start(inbound, why).await?;
        if !docking.registration.tools.is_empty() {
            let (supervisor, registration) = (self.clone(), docking.registration.clone());
            // If it panics, nothing is known of the schemas, and none of them is let in.
            _ = spawn_blocking(move || supervisor.vet(&registration)).await;
        }
        Ok(docking)
    }

    /// Whether what was started on trial is lost already.
    pub(crate) fn stillborn(&self) -> Option<ExtError> {
        self.life().stillborn().cloned()
    }

    /// What was started on trial has taken its place: it is up from now on.
    pub(crate) fn settle(self: &Arc<Self>, fleet: &Arc<Shared>, trial: Trial) {
        let Trial { docking: Docking { instance, deadlines, .. }, inbound } = trial;
        for why in self.footing().accept(|drawing| fleet.requests.carry_out(self.id(), drawing)) {
            inbound.log(LogSource::Host, &format!("what it drew on trial came to nothing: {why}"));
        }
        self.arrive(fleet, instance, &deadlines, &inbound);
    }

    fn inbound(self: &Arc<Self>, generation: u64, footing: Footing) -> Inbound {
        let (fleet, own, footing) = (self.fleet.clone(), Arc::downgrade(self), Arc::new(footing));
        *self.footing.lock().unwrap_or_else(PoisonError::into_inner) = footing.clone();
        let services = Services::new(fleet, own, generation, self.rations.clone(), footing);
        Inbound::new(self.id().clone(), Arc::new(services))
    }

    fn arrive(
        self: &Arc<Self>,
        fleet: &Arc<Shared>,
        instance: Arc<dyn Instance>,
        deadlines: &Deadlines,
        inbound: &Inbound,
    ) {
        let stillborn = loop {
            let mut life = self.life();
            match life.arrive() {
                // Not under the lock: a guest may answer at once by registering more, or crash.
                Arrival::After(events) => {
                    drop(life);
                    let deadline = Instant::now() + deadlines.event;
                    for (event, cx) in events {
                        instance.deliver(&event, &ExtCall { deadline, ..cx });
                    }
                }
                Arrival::Up(stillborn) => {
                    self.up.store(Some(Up::new(instance, self.footing())));
                    break stillborn;
                }
                // Dropping an instance ends it.
                Arrival::Unwanted => return,
            }
        };
        self.tell_change(fleet);
        self.log_arrival(inbound);
        if let Some(error) = stillborn {
            self.crashed(fleet, &error);
        }
    }

    fn log_arrival(&self, inbound: &Inbound) {
        let (generation, dropped) = {
            let mut life = self.life();
            (life.generation(), life.take_dropped())
        };
        if dropped > 0 {
            inbound.log(LogSource::Host, &format!("{dropped} events were dropped while it was not up"));
        }
        if generation > 1 {
            inbound.log(LogSource::Host, &format!("it runs again: start {generation}"));
        }
    }

    pub(super) fn crashed(self: &Arc<Self>, fleet: &Arc<Shared>, error: &ExtError) {
        let (next, gone) = {
            let mut life = self.life();
            let Some(next) = life.crash(error) else { return };
            (next, self.up.swap(None))
        };
        self.retire();
        // Tearing an instance down takes a while: not under the lock.
        drop(gone);
        self.tell_dropped(fleet);
        match next {
            Next::Restart(pause) => {
                let soon =
                    if pause.is_zero() { "at once".to_owned() } else { format!("in {}", seconds(pause)) };
                fleet.lost(error, &format!("it starts again {soon}"));
                self.rest(fleet, pause);
            }
            Next::Quarantine(crashes, within) => {
                fleet.lost(error, "it is not started again");
                fleet.quarantine(self, too_often(crashes, within, error));
            }
        }
        self.tell_change(fleet);
    }

    /// Starts it again after a pause.
    fn rest(self: &Arc<Self>, fleet: &Arc<Shared>, pause: Duration) {
        let supervisor = self.clone();
        fleet.tasks.spawn(async move {
            tokio::select! {
                biased;
                () = supervisor.ending.cancelled() => {}
                () = sleep(pause) => supervisor.begin(|phase| matches!(phase, Phase::Resting(_))),
            }
        });
    }

    /// Its code is being made, or that is over. What takes a while is told.
    pub(crate) fn compiles(self: &Arc<Self>, compiling: bool) {
        self.compiling.store(compiling, Ordering::Relaxed);
        let Some(fleet) = self.fleet.upgrade() else { return };
        fleet.changed.send_replace(());
        if compiling {
            let supervisor = self.clone();
            let tasks = fleet.tasks.clone();
            tasks.spawn(async move {
                tokio::select! {
                    () = supervisor.ending.cancelled() => {}
                    () = sleep(A_WHILE) => supervisor.tell_compiling(&fleet),
                }
            });
        }
    }

    fn tell_compiling(&self, fleet: &Shared) {
        if self.is_compiling() {
            let message = "it is being compiled; that takes a while, once";
            fleet.reporter.notify(self.id(), Level::Info, message);
        }
    }
}
