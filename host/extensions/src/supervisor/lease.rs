//! The right to call an instance.

use std::sync::Arc;

use crate::backend::Instance;
use crate::turnstile::Turnstile;

/// A running instance, and who is in a call of it.
pub(super) struct Up {
    pub(super) instance: Arc<dyn Instance>,
    pub(super) visitors: Turnstile,
}

/// The right to call an instance: as long as it lives, the instance is not ended to make room for another.
pub(crate) struct Lease(Arc<Up>);

impl Up {
    pub(super) fn new(instance: Arc<dyn Instance>) -> Arc<Self> {
        Arc::new(Self { instance, visitors: Turnstile::default() })
    }
}

impl Lease {
    /// None: the instance is about to be ended.
    pub(super) fn of(up: &Arc<Up>) -> Option<Self> {
        up.visitors.enter().then(|| Self(up.clone()))
    }

    pub(crate) fn instance(&self) -> &Arc<dyn Instance> {
        &self.0.instance
    }
}

impl Clone for Lease {
    fn clone(&self) -> Self {
        self.0.visitors.enter_again();
        Self(self.0.clone())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.0.visitors.leave();
    }
}
