//! The right to call an instance, and to have it kept until it is called.

use std::sync::Arc;

use super::Supervisor;
use crate::backend::Instance;
use crate::footing::Footing;
use crate::turnstile::Turnstile;

/// A running instance, and who is in a call of it.
pub(super) struct Up {
    pub(super) instance: Arc<dyn Instance>,
    pub(super) visitors: Turnstile,
    footing: Arc<Footing>,
}

/// The right to call an instance: as long as it lives, the instance is not ended to make room for another.
pub(crate) struct Lease(Arc<Up>);

impl Up {
    pub(super) fn new(instance: Arc<dyn Instance>, footing: Arc<Footing>) -> Arc<Self> {
        Arc::new(Self { instance, visitors: Turnstile::default(), footing })
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

    pub(crate) fn footing(&self) -> &Arc<Footing> {
        &self.0.footing
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.0.visitors.leave();
    }
}

/// A place in a version of an extension: as long as it is held, the instance that is up there is not ended to make room
/// for another version, and may be entered ([`Supervisor::hold`]).
pub(crate) struct Reservation(Arc<Supervisor>);

impl Reservation {
    /// None: the version is about to be ended.
    pub(crate) fn of(supervisor: &Arc<Supervisor>) -> Option<Self> {
        supervisor.reserved.enter().then(|| Self(supervisor.clone()))
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.0.reserved.leave();
    }
}
