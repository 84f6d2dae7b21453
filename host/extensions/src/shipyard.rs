//! What is needed to make an extension ready to start, at the beginning and at a reload.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use arc_swap::ArcSwap;
use tokio_util::sync::CancellationToken;
use wharf_protocol::id::ExtensionId;
use wharf_protocol::registration::Start;

use crate::extension::Extension;
use crate::fleet::Shared;
use crate::history::Past;
use crate::intake::let_sleep;
use crate::launcher::Launcher;
use crate::life::Phase;
use crate::lifecycle::Backends;
use crate::limits::Limits;
use crate::ration::Rations;
use crate::slot::Slot;
use crate::supervisor::Supervisor;

/// The backends, and what every extension is told and given.
pub(crate) struct Shipyard {
    pub(crate) backends: Backends,
    pub(crate) start: Arc<ArcSwap<Start>>,
    /// Below it each component has a directory of its own.
    pub(crate) data: PathBuf,
    pub(crate) limits: Limits,
    /// What each may say and set in motion, whichever version of it is there: loading anew gives nothing back.
    pub(crate) rations: Mutex<HashMap<ExtensionId, Arc<Rations>>>,
}

impl Shipyard {
    /// A place for an extension of which this is known; gives also what of that does not count, one line each.
    pub(crate) fn fit_out(
        &self,
        extension: Extension,
        mut past: Past,
        fleet: Weak<Shared>,
        closing: &CancellationToken,
    ) -> (Slot, Vec<String>) {
        let mut refused = Vec::new();
        if let Some(known) = past.registration.take() {
            let (known, not_let_in) = let_sleep(&extension, known);
            refused = not_let_in;
            past.registration = Some(known);
        }
        let rations = {
            let mut all = self.rations.lock().unwrap_or_else(PoisonError::into_inner);
            let made = || Arc::new(Rations::new(&self.limits.log));
            all.entry(extension.id.clone()).or_insert_with(made).clone()
        };
        let backend = self.backends.of(&extension.program);
        let launcher = Launcher::new(extension, backend, self.start.clone(), &self.data);
        let phase = match &past.quarantined {
            Some(entry) => Phase::Out(entry.fault()),
            None => Phase::Asleep,
        };
        let supervisor = Supervisor::new(launcher, rations, &self.limits, fleet, closing, phase);
        (Slot::new(supervisor, past), refused)
    }
}
