//! Keeps one extension running: asleep until it is needed, started, started again after a crash, given up after many,
//! replaced by another version of it.
//!
//! Whoever calls an extension asks its supervisor for the running instance, and waits here if there is none yet. An
//! instance that was lost is replaced by a new one after a pause; the names that it registered stay where they are
//! meanwhile. Each start has a generation, so that what an instance says after its loss finds nobody.
//!
//! A supervisor keeps one version. Another version has a supervisor of its own, the heir: it is sent those who still
//! ask the old one.
//!
//! | module | what |
//! |---|---|
//! | this one | what callers and events find |
//! | [`access`] | the way of a caller to what is up |
//! | [`lease`] | the right to call an instance |
//! | [`starts`] | starting, the first time and again |
//! | [`departure`] | the end: of all, or of this version |

mod access;
mod departure;
mod lease;
mod starts;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use wharf_protocol::event::Event;
use wharf_protocol::id::ExtensionId;
use wharf_protocol::registration::Registration;

use crate::backend::ExtCall;
use crate::error::{ExtError, Fault};
use crate::fleet::Shared;
use crate::footing::Footing;
use crate::launcher::Launcher;
use crate::life::{Kept, Life, Phase};
use crate::limits::Limits;
use crate::ration::Rations;
use crate::turnstile::Turnstile;
use crate::vetting::Vetting;

use access::absent;
use lease::Up;

pub(crate) use departure::{Departure, STOP};
pub(crate) use lease::{Lease, Reservation};
pub(crate) use starts::Trial;

/// The keeper of one extension.
pub(crate) struct Supervisor {
    pub(crate) launcher: Launcher,
    rations: Arc<Rations>,
    fleet: Weak<Shared>,
    /// Set while the phase is [`Phase::Up`]; what a call looks at first.
    up: ArcSwapOption<Up>,
    /// What was up when it lost its place, until that is ended.
    leaving: ArcSwapOption<Up>,
    /// Who is to call this version and no other.
    reserved: Turnstile,
    life: Mutex<Life>,
    changed: watch::Sender<()>,
    compiling: AtomicBool,
    early: Mutex<Early>,
    /// How the present instance stands to the screen.
    footing: Mutex<Arc<Footing>>,
    /// Fires when it is not to run any more: a start in progress is given up.
    ending: CancellationToken,
    /// Who took its place.
    heir: OnceLock<Arc<Supervisor>>,
}

/// Which version of an extension is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    /// Whichever has the place when the question is put.
    Latest,
    /// This one or none.
    This,
}

/// What the present start has registered beside what it registers at its end.
#[derive(Default)]
pub(crate) struct Early {
    /// Waits until the start is over.
    pub(crate) registration: Registration,
    /// How often it registered more.
    pub(crate) frames: u32,
    /// The start is over: what comes now counts at once.
    pub(crate) over: bool,
    /// What is known of the schemas that it has registered.
    pub(crate) vetting: Vetting,
}

impl Supervisor {
    /// `closing` fires when the agent ends.
    pub(crate) fn new(
        launcher: Launcher,
        rations: Arc<Rations>,
        limits: &Limits,
        fleet: Weak<Shared>,
        closing: &CancellationToken,
        phase: Phase,
    ) -> Arc<Self> {
        Arc::new(Self {
            launcher,
            rations,
            fleet,
            up: ArcSwapOption::empty(),
            leaving: ArcSwapOption::empty(),
            reserved: Turnstile::default(),
            life: Mutex::new(Life::new(phase, limits.restart)),
            changed: watch::channel(()).0,
            compiling: AtomicBool::new(false),
            early: Mutex::default(),
            footing: Mutex::new(Arc::new(Footing::firm())),
            ending: closing.child_token(),
            heir: OnceLock::new(),
        })
    }

    pub(crate) fn id(&self) -> &ExtensionId {
        &self.launcher.extension.id
    }

    /// What the extension may say and set in motion.
    pub(crate) fn rations(&self) -> &Rations {
        &self.rations
    }

    pub(crate) fn phase(&self) -> Phase {
        self.life().phase().clone()
    }

    /// Whether its code is being made.
    pub(crate) fn is_compiling(&self) -> bool {
        self.compiling.load(Ordering::Relaxed)
    }

    pub(crate) fn is_up(&self) -> bool {
        self.up.load().is_some() || self.heir.get().is_some_and(|heir| heir.is_up())
    }

    /// Whether a generation is the present one: what an earlier one says does not count.
    pub(crate) fn is_current(&self, generation: u64) -> bool {
        self.life().generation() == generation
    }

    /// Whether another version has its place, or nobody.
    pub(crate) fn is_replaced(&self) -> bool {
        self.life().is_given_up()
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

    /// Hands an event over; keeps it, within a limit, while the extension is not up.
    pub(crate) fn deliver(self: &Arc<Self>, event: &Arc<Event>, cx: &ExtCall) {
        loop {
            if let Some(lease) = self.lease(None) {
                return lease.instance().deliver(event, cx);
            }
            let kept = self.life().keep(event, cx);
            match kept {
                Kept::Waiting => return self.wake(),
                // It came up in between.
                Kept::Up => {}
                Kept::Out => {
                    return if let Some(heir) = self.heir.get() {
                        heir.deliver(event, cx)
                    };
                }
            }
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

    /// What it registers while it starts. Taken only by whoever holds the fleet, or nothing else.
    pub(crate) fn early(&self) -> MutexGuard<'_, Early> {
        self.early.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether what is registered is what it has registered itself in its present start.
    pub(crate) fn has_registered(&self) -> bool {
        self.early().over
    }

    fn footing(&self) -> Arc<Footing> {
        self.footing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The present instance has no screen any more.
    pub(crate) fn retire(&self) {
        self.footing().retire();
    }

    fn tell_change(&self, fleet: &Shared) {
        self.changed.send_replace(());
        fleet.changed.send_replace(());
    }

    fn life(&self) -> MutexGuard<'_, Life> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
