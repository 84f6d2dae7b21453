//! The host's services, as extensions reach them. None of them waits.

use std::sync::{Arc, Weak};

use wharf_protocol::id::ExtensionId;
use wharf_protocol::notice::Level;
use wharf_protocol::registration::Registration;

use crate::error::ExtError;
use crate::fleet::Shared;
use crate::inbound::{HostServices, LogSource};
use crate::ration::{Pass, Rations};
use crate::supervisor::Supervisor;

/// The services of one start of an extension. They end when the agent does.
pub(crate) struct Services {
    shared: Weak<Shared>,
    supervisor: Weak<Supervisor>,
    /// Which of the extension's starts these belong to.
    generation: u64,
    rations: Arc<Rations>,
}

impl Services {
    pub(crate) fn new(
        shared: Weak<Shared>,
        supervisor: Weak<Supervisor>,
        generation: u64,
        rations: Arc<Rations>,
    ) -> Self {
        Self { shared, supervisor, generation, rations }
    }
}

impl HostServices for Services {
    fn log(&self, extension: &ExtensionId, source: LogSource, text: &str) {
        let Pass::After(dropped) = self.rations.log(source, text) else { return };
        let Some(shared) = self.shared.upgrade() else { return };
        if dropped > 0 {
            let line = format!("{dropped} messages before this one were dropped: it writes too much");
            shared.reporter.log(extension, LogSource::Host, &line);
        }
        shared.reporter.log(extension, source, text);
    }

    fn notify(&self, extension: &ExtensionId, level: Level, message: &str) {
        let Some(shared) = self.shared.upgrade() else { return };
        let Pass::After(dropped) = self.rations.notice() else { return };
        if dropped > 0 {
            let line = format!("it notifies too often; {dropped} notices were not shown");
            shared.reporter.log(extension, LogSource::Host, &line);
        }
        shared.reporter.notify(extension, level, message);
    }

    fn register(&self, _: &ExtensionId, registration: Registration) {
        if let (Some(shared), Some(supervisor)) = (self.shared.upgrade(), self.supervisor.upgrade()) {
            shared.register(&supervisor, self.generation, registration);
        }
    }

    fn lost(&self, error: ExtError) {
        if let Some(supervisor) = self.supervisor.upgrade() {
            supervisor.lost(self.generation, error);
        }
    }

    fn compiling(&self, _: &ExtensionId, compiling: bool) {
        if let Some(supervisor) = self.supervisor.upgrade() {
            supervisor.compiles(compiling);
        }
    }
}
