//! Keeps one extension running: asleep until it is needed, started, started again after a crash, given up after many.
//!
//! Whoever calls an extension asks its supervisor for the running instance, and waits here if there is none yet. An
//! instance that was lost is replaced by a new one after a pause; the names that it registered stay where they are
//! meanwhile. Each start has a generation, so that what an instance says after its loss finds nobody.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;
use wharf_protocol::event::Event;
use wharf_protocol::id::ExtensionId;
use wharf_protocol::notice::Level;

use crate::backend::{Docking, ExtCall, Instance};
use crate::breaker::Next;
use crate::error::{ExtError, Fault, seconds};
use crate::fleet::Shared;
use crate::inbound::{Inbound, LogSource};
use crate::launcher::Launcher;
use crate::life::{Arrival, Kept, Life, Phase, too_often};
use crate::limits::Limits;
use crate::ration::Rations;
use crate::services::Services;

/// Compiling that takes longer than this is told.
const A_WHILE: Duration = Duration::from_secs(1);

/// The keeper of one extension.
pub(crate) struct Supervisor {
    pub(crate) launcher: Launcher,
    rations: Arc<Rations>,
    fleet: Weak<Shared>,
    /// Set while the phase is [`Phase::Up`]; what a call looks at first.
    up: ArcSwapOption<Up>,
    life: Mutex<Life>,
    changed: watch::Sender<()>,
    compiling: AtomicBool,
}

struct Up {
    instance: Arc<dyn Instance>,
}

impl Supervisor {
    pub(crate) fn new(launcher: Launcher, limits: Limits, fleet: Weak<Shared>, phase: Phase) -> Arc<Self> {
        let life = Mutex::new(Life::new(phase, limits.restart));
        let changed = watch::channel(()).0;
        let rations = Arc::new(Rations::new(&limits.log));
        let compiling = AtomicBool::new(false);
        Arc::new(Self { launcher, rations, fleet, up: ArcSwapOption::empty(), life, changed, compiling })
    }

    /// What the extension may say and set in motion.
    pub(crate) fn rations(&self) -> &Rations {
        &self.rations
    }

    pub(crate) fn id(&self) -> &ExtensionId {
        &self.launcher.extension.id
    }

    pub(crate) fn phase(&self) -> Phase {
        self.life().phase().clone()
    }

    /// Whether its code is being made.
    pub(crate) fn is_compiling(&self) -> bool {
        self.compiling.load(Ordering::Relaxed)
    }

    /// Its code is being made, or that is over. What takes a while is told.
    pub(crate) fn compiles(self: &Arc<Self>, compiling: bool) {
        self.compiling.store(compiling, Ordering::Relaxed);
        let Some(fleet) = self.fleet.upgrade() else { return };
        fleet.changed.send_replace(());
        if compiling {
            let (supervisor, closing) = (self.clone(), fleet.closing.clone());
            let tasks = fleet.tasks.clone();
            tasks.spawn(async move {
                tokio::select! {
                    () = closing.cancelled() => {}
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

    pub(crate) fn is_up(&self) -> bool {
        self.up.load().is_some()
    }

    /// Whether a generation is the present one: what an earlier one says does not count.
    pub(crate) fn is_current(&self, generation: u64) -> bool {
        self.life().generation() == generation
    }

    /// The running instance, another one than that which is known to be gone. Starts what sleeps, and waits for it.
    pub(crate) async fn up(
        self: &Arc<Self>,
        gone: Option<&Arc<dyn Instance>>,
        until: Instant,
        cancel: &CancellationToken,
    ) -> Result<Arc<dyn Instance>, Fault> {
        if let Some(instance) = self.other_than(gone) {
            return Ok(instance);
        }
        let asked = Instant::now();
        self.wake();
        tokio::select! {
            biased;
            arrived = timeout_at(until, self.arrival(gone)) => {
                arrived.unwrap_or_else(|_| Err(self.delay(until - asked)))
            }
            () = cancel.cancelled() => Err(Fault::Cancelled),
        }
    }

    fn other_than(&self, gone: Option<&Arc<dyn Instance>>) -> Option<Arc<dyn Instance>> {
        let up = self.up.load();
        let instance = &up.as_ref()?.instance;
        let is_gone = gone.is_some_and(|gone| std::ptr::addr_eq(Arc::as_ptr(gone), Arc::as_ptr(instance)));
        (!is_gone).then(|| instance.clone())
    }

    async fn arrival(&self, gone: Option<&Arc<dyn Instance>>) -> Result<Arc<dyn Instance>, Fault> {
        let mut changed = self.changed.subscribe();
        loop {
            changed.borrow_and_update();
            match (self.other_than(gone), self.phase()) {
                (Some(instance), _) => return Ok(instance),
                (None, Phase::Out(fault)) => return Err(absent(fault)),
                (None, Phase::Asleep | Phase::Starting | Phase::Up | Phase::Resting(_)) => {}
            }
            // The sender lives as long as `self`.
            _ = changed.changed().await;
        }
    }

    /// Since when it has been on its way.
    pub(crate) fn starting_since(&self) -> Option<Instant> {
        self.life().starting_since()
    }

    /// Why it was waited for in vain.
    pub(crate) fn delay(&self, limit: Duration) -> Fault {
        match self.phase() {
            Phase::Out(fault) => absent(fault),
            Phase::Resting(fault) => Fault::NotRunning { why: format!("{fault}; it starts again soon") },
            Phase::Asleep | Phase::Starting | Phase::Up => {
                Fault::TimedOut { limit, while_busy: Some("its own start".to_owned()) }
            }
        }
    }

    /// Starts it if it sleeps.
    pub(crate) fn wake(self: &Arc<Self>) {
        self.begin(|phase| matches!(phase, Phase::Asleep));
    }

    fn begin(self: &Arc<Self>, from: impl FnOnce(&Phase) -> bool) {
        let Some(fleet) = self.fleet.upgrade() else { return };
        let Some(generation) = self.life().begin(from) else { return };
        fleet.begun(self.id());
        self.tell_change(&fleet);
        fleet.tasks.spawn(self.clone().start(generation, fleet.clone()));
    }

    async fn start(self: Arc<Self>, generation: u64, fleet: Arc<Shared>) {
        let (fleet_link, own_link) = (self.fleet.clone(), Arc::downgrade(&self));
        let services = Services::new(fleet_link, own_link, generation, self.rations.clone());
        let inbound = Inbound::new(self.id().clone(), Arc::new(services));
        let started = tokio::select! {
            biased;
            // Dropping a start leaves nothing running.
            () = fleet.closing.cancelled() => return self.end(&fleet, stopped()),
            started = self.launcher.start(inbound.clone()) => started,
        };
        match started {
            Ok(docking) => self.arrive(&fleet, docking, &inbound),
            Err(error) if self.life().is_proven() => self.crashed(&fleet, &error),
            Err(error) => {
                let why = format!("{}: {}", error.stage, error.fault);
                fleet.failed(self.id(), error);
                self.end(&fleet, Fault::NotRunning { why });
            }
        }
    }

    fn arrive(self: &Arc<Self>, fleet: &Arc<Shared>, docking: Docking, inbound: &Inbound) {
        let Docking { instance, registration, deadlines } = docking;
        // Who asks for it from now on waits for the lines below.
        fleet.docked(self, registration, deadlines);
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
                    self.up.store(Some(Arc::new(Up { instance })));
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

    /// The instance of a generation has ended on its own.
    pub(crate) fn lost(self: &Arc<Self>, generation: u64, error: ExtError) {
        let Some(fleet) = self.fleet.upgrade() else { return };
        let lost = self.life().lost(generation, error);
        if let Some(error) = lost {
            self.crashed(&fleet, &error);
        }
    }

    fn crashed(self: &Arc<Self>, fleet: &Arc<Shared>, error: &ExtError) {
        let (next, gone) = {
            let mut life = self.life();
            let Some(next) = life.crash(error) else { return };
            (next, self.up.swap(None))
        };
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
        let (supervisor, closing) = (self.clone(), fleet.closing.clone());
        fleet.tasks.spawn(async move {
            tokio::select! {
                biased;
                () = closing.cancelled() => {}
                () = sleep(pause) => supervisor.begin(|phase| matches!(phase, Phase::Resting(_))),
            }
        });
    }

    /// Hands an event over; keeps it, within a limit, while the extension is not up.
    pub(crate) fn deliver(self: &Arc<Self>, event: &Arc<Event>, cx: &ExtCall) {
        loop {
            if let Some(up) = self.up.load().as_ref() {
                return up.instance.deliver(event, cx);
            }
            let kept = self.life().keep(event, cx);
            match kept {
                Kept::Waiting => return self.wake(),
                // It came up in between.
                Kept::Up => {}
                Kept::Out => return,
            }
        }
    }

    /// Ends it for good.
    pub(crate) async fn stop(&self) {
        let up = {
            let mut life = self.life();
            life.end(stopped());
            self.up.swap(None)
        };
        self.changed.send_replace(());
        if let Some(up) = up {
            up.instance.stop().await;
        }
        if let Some(fleet) = self.fleet.upgrade() {
            self.tell_dropped(&fleet);
        }
    }

    /// At an end: what was dropped since something last went into the log, which nothing that came after has told.
    fn tell_dropped(&self, fleet: &Shared) {
        let (messages, notices) = self.rations.take_dropped();
        if messages + notices > 0 {
            let line =
                format!("{messages} messages and {notices} notices before its end were dropped: too many");
            fleet.reporter.log(self.id(), LogSource::Host, &line);
        }
    }

    fn end(&self, fleet: &Shared, fault: Fault) {
        self.life().end(fault);
        self.tell_change(fleet);
    }

    fn tell_change(&self, fleet: &Shared) {
        self.changed.send_replace(());
        fleet.changed.send_replace(());
    }

    fn life(&self) -> MutexGuard<'_, Life> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The reason as a caller is told it.
fn absent(fault: Fault) -> Fault {
    match fault {
        Fault::NotRunning { .. } | Fault::Quarantined { .. } => fault,
        other => Fault::NotRunning { why: other.to_string() },
    }
}

fn stopped() -> Fault {
    Fault::NotRunning { why: "it was stopped".to_owned() }
}
