//! What each extension costs.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::Serialize;

/// Counts the calls of one extension.
#[derive(Debug, Default)]
pub struct Meter {
    calls: AtomicU64,
    errors: AtomicU64,
    micros: AtomicU64,
    events: AtomicU64,
}

/// What was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Reading {
    /// Tools, commands and hooks.
    pub calls: u64,
    /// Calls that ended in a fault of the extension.
    pub errors: u64,
    /// Events handed over.
    pub events: u64,
    /// Wall clock of all calls, in microseconds.
    pub micros: u64,
}

impl Meter {
    pub(crate) fn call(&self, took: Duration, failed: bool) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.errors.fetch_add(u64::from(failed), Ordering::Relaxed);
        self.micros.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub(crate) fn event(&self) {
        self.events.fetch_add(1, Ordering::Relaxed);
    }

    /// What was counted so far.
    #[must_use]
    pub fn read(&self) -> Reading {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Reading {
            calls: get(&self.calls),
            errors: get(&self.errors),
            events: get(&self.events),
            micros: get(&self.micros),
        }
    }
}
