//! Who calls an extension: the way to what is up.

use std::sync::Arc;

use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::{Lease, Supervisor, Version};
use crate::backend::Instance;
use crate::error::Fault;
use crate::life::Phase;

impl Supervisor {
    /// The right to call what is up in this version, also when that has lost its place and was not ended yet.
    pub(crate) fn hold(&self, gone: Option<&Arc<dyn Instance>>) -> Option<Lease> {
        let leaving = || match gone {
            None => self.leaving.load().as_ref().and_then(Lease::of),
            Some(_) => None,
        };
        self.lease(gone).or_else(leaving)
    }

    /// The running instance of this version. Starts what sleeps, and waits for it.
    pub(crate) async fn up_here(
        self: &Arc<Self>,
        until: Instant,
        cancel: &CancellationToken,
    ) -> Result<Lease, Fault> {
        self.up(None, Version::This, until, cancel).await
    }

    /// The running instance, another one than that which is known to be gone. Starts what sleeps, and waits for it.
    pub(crate) async fn up(
        self: &Arc<Self>,
        gone: Option<&Arc<dyn Instance>>,
        version: Version,
        until: Instant,
        cancel: &CancellationToken,
    ) -> Result<Lease, Fault> {
        if let Some(lease) = self.lease(gone) {
            return Ok(lease);
        }
        let asked = Instant::now();
        tokio::select! {
            biased;
            arrived = timeout_at(until, self.arrival(gone, version)) => {
                arrived.unwrap_or_else(|_| Err(self.latest().delay(until - asked)))
            }
            () = cancel.cancelled() => Err(Fault::Cancelled),
        }
    }

    pub(super) fn lease(&self, gone: Option<&Arc<dyn Instance>>) -> Option<Lease> {
        let up = self.up.load();
        let up = up.as_ref()?;
        // What was stopped in the middle of a call must not find the next one while all are being stopped.
        let excluded = |gone: &Arc<dyn Instance>| {
            self.ending.is_cancelled() || std::ptr::addr_eq(Arc::as_ptr(gone), Arc::as_ptr(&up.instance))
        };
        if gone.is_some_and(excluded) {
            return None;
        }
        Lease::of(up)
    }

    async fn arrival(
        self: &Arc<Self>,
        gone: Option<&Arc<dyn Instance>>,
        version: Version,
    ) -> Result<Lease, Fault> {
        let mut keeper = match version {
            Version::Latest => self.latest(),
            Version::This => self.clone(),
        };
        let mut changed = keeper.changed.subscribe();
        keeper.wake();
        loop {
            changed.borrow_and_update();
            let lease = match version {
                Version::Latest => keeper.lease(gone),
                Version::This => keeper.hold(gone),
            };
            match (lease, keeper.phase()) {
                (Some(lease), _) => return Ok(lease),
                (None, Phase::Out(_)) if version == Version::Latest && keeper.heir.get().is_some() => {
                    keeper = keeper.latest();
                    changed = keeper.changed.subscribe();
                    keeper.wake();
                    continue;
                }
                (None, Phase::Out(fault)) => return Err(absent(fault)),
                (None, Phase::Asleep | Phase::Starting | Phase::Up | Phase::Resting(_)) => {}
            }
            // The sender lives as long as the keeper.
            _ = changed.changed().await;
        }
    }

    /// Who keeps the extension now.
    fn latest(self: &Arc<Self>) -> Arc<Self> {
        let mut keeper = self;
        while let Some(heir) = keeper.heir.get() {
            keeper = heir;
        }
        keeper.clone()
    }
}

/// The reason as a caller is told it.
pub(super) fn absent(fault: Fault) -> Fault {
    match fault {
        Fault::NotRunning { .. } | Fault::Quarantined { .. } => fault,
        other => Fault::NotRunning { why: other.to_string() },
    }
}
