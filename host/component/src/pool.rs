//! Memory of all instances in this process together.

use std::sync::atomic::{AtomicUsize, Ordering};

use sysinfo::System;
use wharf_extensions::limits::Bytes;

/// This part of the machine's memory is for instances, at most.
const SHARE: u64 = 8;

/// The memory that this process could have; none: not known.
fn memory() -> Option<u64> {
    let mut system = System::new().ok()?;
    system.refresh_memory();
    let machine = system.total_memory();
    let container = system.cgroup_limits().map_or(machine, |limits| limits.total_memory);
    Some(machine.min(container)).filter(|memory| *memory > 0)
}

/// Counts what all instances hold.
#[derive(Debug)]
pub(crate) struct Pool {
    held: AtomicUsize,
    /// What this machine allows.
    most: Bytes,
}

/// There is not enough left.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Exhausted {
    /// What all hold.
    pub(crate) held: usize,
    /// What they may hold.
    pub(crate) most: Bytes,
}

impl Pool {
    /// An eighth of this machine's memory, or of what this process's container allows.
    pub(crate) fn of_this_machine() -> Self {
        match memory() {
            Some(memory) => Self::new(Bytes::new(memory / SHARE)),
            None => Self::new(Bytes::new(u64::MAX)),
        }
    }

    pub(crate) fn new(most: Bytes) -> Self {
        Self { held: AtomicUsize::new(0), most }
    }

    /// Takes so many bytes, if all then hold no more than `limit` and what the machine allows.
    pub(crate) fn take(&self, bytes: usize, limit: Bytes) -> Result<(), Exhausted> {
        let most = limit.min(self.most);
        let more = |held: usize| held.checked_add(bytes).filter(|total| *total <= most.count());
        match self.held.fetch_update(Ordering::AcqRel, Ordering::Acquire, more) {
            Ok(_) => Ok(()),
            Err(held) => Err(Exhausted { held, most }),
        }
    }

    /// Gives back what was taken.
    pub(crate) fn give_back(&self, bytes: usize) {
        self.held.fetch_sub(bytes, Ordering::AcqRel);
    }

    #[cfg(test)]
    pub(crate) fn held(&self) -> usize {
        self.held.load(Ordering::Acquire)
    }
}
