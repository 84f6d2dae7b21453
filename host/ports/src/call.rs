//! The context of a call: by when, until when, and because of what.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// What set a call in motion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cause {
    /// One number for everything that one human action causes.
    pub chain: u64,
    /// How many extensions stand between the human and this call. The host refuses to go past [`Cause::MAX_DEPTH`].
    pub depth: u8,
}

impl Cause {
    /// The deepest chain of prompts that extensions may set in motion.
    pub const MAX_DEPTH: u8 = 4;

    /// A new chain, begun by the human or by the program that embeds the agent.
    #[must_use]
    pub fn human() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self { chain: NEXT.fetch_add(1, Ordering::Relaxed), depth: 0 }
    }

    /// What an extension causes within this chain; nothing when that would go past [`Cause::MAX_DEPTH`].
    #[must_use]
    pub fn by_extension(self) -> Option<Self> {
        (self.depth < Self::MAX_DEPTH).then_some(Self { chain: self.chain, depth: self.depth + 1 })
    }
}

/// Handed to every call on its way down. Cheap to clone.
#[derive(Debug, Clone)]
pub struct CallContext {
    /// The latest moment at which the caller still wants the answer; none: the callee's own limit alone counts.
    pub deadline: Option<Instant>,
    /// Ends the call at once.
    pub cancel: CancellationToken,
    /// What set it in motion.
    pub cause: Cause,
}

impl CallContext {
    /// A context without a deadline of its own, begun by the human.
    #[must_use]
    pub fn human(cancel: CancellationToken) -> Self {
        Self { deadline: None, cancel, cause: Cause::human() }
    }

    /// The moment by which a callee with a limit of its own must be done.
    #[must_use]
    pub fn deadline_within(&self, limit: Duration) -> Instant {
        let own = Instant::now() + limit;
        self.deadline.map_or(own, |deadline| deadline.min(own))
    }
}
