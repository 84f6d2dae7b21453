//! A tool of an extension from the moment in which its name was looked up until its call has ended.
//!
//! What was shown and approved is what runs: the call begins in the version of the extension that was found then, also
//! when another one has taken its place meanwhile. That version is kept as long as it is ([`Departure`]); where it could
//! not be kept, the call fails and says so, and nothing of it has happened.
//!
//! [`Departure`]: crate::supervisor::Departure

use std::sync::Arc;

use crate::error::Fault;
use crate::registry::{Registry, ToolEntry};
use crate::supervisor::{Lease, Reservation};

/// How often a name is looked up again because the version that had it is just being ended.
const LOOKS: usize = 3;

/// A tool, and a place in the version that runs it.
pub struct HeldTool {
    entry: ToolEntry,
    /// None: that version is being ended.
    _reservation: Option<Reservation>,
    /// Whether its owner has registered it in this start; otherwise it is what is known of one that has yet to start.
    is_registered: bool,
}

impl HeldTool {
    /// Looks a name up. `registry` gives the snapshot of now.
    pub(crate) fn find(name: &str, registry: impl Fn() -> Arc<Registry>) -> Option<Self> {
        let mut looks = 0;
        loop {
            let entry = registry().tool(name)?.clone();
            let reservation = Reservation::of(&entry.owner.supervisor);
            looks += 1;
            // The snapshot in which another version has the name is there before this one is ended.
            if reservation.is_some() || looks == LOOKS {
                let is_registered = entry.owner.supervisor.has_registered();
                return Some(Self { entry, _reservation: reservation, is_registered });
            }
        }
    }

    /// What was found.
    #[must_use]
    pub fn entry(&self) -> &ToolEntry {
        &self.entry
    }

    /// The right to call the instance, if it is up.
    pub(crate) fn lease(&self) -> Option<Lease> {
        self.entry.owner.supervisor.hold(None)
    }

    /// Whether a tool that was found while its owner slept is, now that it has started, what was looked at.
    pub(crate) fn stands(&self, registry: &Registry) -> Result<(), Fault> {
        let ToolEntry { spec, owner, .. } = &self.entry;
        let protocol = |what| Err(Fault::Protocol { what });
        if self.is_registered {
            return Ok(());
        }
        match registry.tool(&spec.name).filter(|now| now.owner.id == owner.id) {
            _ if owner.supervisor.is_replaced() => Err(self.replaced()),
            None => protocol(format!(
                "its manifest declares the tool {:?}, but it has not registered it",
                spec.name
            )),
            Some(now) if now.spec.traits.destructive && !spec.traits.destructive => protocol(format!(
                "it has registered the tool {:?} as destructive, which was not known when the call was looked at; \
                 nothing was run, call it again",
                spec.name
            )),
            Some(_) => Ok(()),
        }
    }

    /// Says of a fault what it means that another version has taken the place.
    pub(crate) fn explained(&self, fault: Fault) -> Fault {
        let is_gone = matches!(fault, Fault::NotRunning { .. }) && self.entry.owner.supervisor.is_replaced();
        if is_gone { self.replaced() } else { fault }
    }

    fn replaced(&self) -> Fault {
        let why =
            "another version took its place after this call was looked at; nothing was run, call it again";
        Fault::NotRunning { why: why.to_owned() }
    }
}
