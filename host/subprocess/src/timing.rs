//! How long each step of an extension's life may take.

use std::time::Duration;

use wharf_extensions::limits::{Deadlines, READY_GRACE};

/// The limits of starting and stopping; those of calls come with each call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// From the start to its hello.
    pub hello: Duration,
    /// From its hello until it counts as ready, whatever it does.
    pub ready: Duration,
    /// It counts as ready when no frame came for that long.
    pub idle: Duration,
    /// When one of its streams has ended: how long the rest of it is waited for before it is killed.
    pub drain: Duration,
    /// From the shutdown frame to SIGTERM.
    pub polite: Duration,
    /// From SIGTERM to SIGKILL.
    pub terminate: Duration,
}

impl Timing {
    /// Protocol version 1.
    pub const VERSION_1: Self = Self {
        hello: Deadlines::VERSION_1.start,
        ready: READY_GRACE,
        idle: Duration::from_millis(250),
        drain: Duration::from_millis(500),
        polite: Duration::from_secs(2),
        terminate: Duration::from_secs(1),
    };
}

impl Default for Timing {
    fn default() -> Self {
        Self::VERSION_1
    }
}
