//! What an extension's process may take: of time, and of the host.

use std::time::Duration;

use wharf_child::pace::Pace;
use wharf_extensions::limits::{Deadlines, Limits, READY_GRACE, SubprocessLimits};

/// On which terms an extension runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// From the start to its hello, and of calls as long as it speaks version 1.
    pub deadlines: Deadlines,
    /// Of calls of an extension that speaks version 2.
    pub version_2: Deadlines,
    /// Lines, calls that wait, queues.
    pub limits: SubprocessLimits,
    /// The steps of starting and stopping.
    pub timing: Timing,
}

impl Terms {
    /// The protocol under these limits.
    #[must_use]
    pub fn under(limits: &Limits) -> Self {
        Self {
            deadlines: limits.version_1,
            version_2: limits.standard,
            limits: limits.subprocess,
            timing: Timing::STANDARD,
        }
    }
}

/// How long each step of starting and stopping may take; those of calls come with each call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
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
    /// What extensions are used to.
    pub const STANDARD: Self = Self {
        ready: READY_GRACE,
        idle: Duration::from_millis(250),
        drain: Duration::from_millis(500),
        polite: Duration::from_secs(2),
        terminate: Duration::from_secs(1),
    };
}

/// Lines on standard output that no call waits for: registrations, notices, answers to nobody, nonsense. What comes
/// faster stays in the pipe, and the child waits.
pub(crate) const UNASKED: Pace = Pace { lines: 1000, bytes: 8 << 20 };
/// The same for standard error.
pub(crate) const STDERR: Pace = Pace { lines: 10_000, bytes: 16 << 20 };
/// Registrations that one extension may send in all, in lines of the longest kind.
pub(crate) const REGISTRATIONS: usize = 256;
