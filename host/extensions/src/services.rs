//! The host's services, as extensions reach them.

use std::borrow::Cow;
use std::sync::{Arc, Weak};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, ready};
use wharf_protocol::id::ExtensionId;
use wharf_protocol::notice::Level;
use wharf_protocol::panel::Panel;
use wharf_protocol::registration::Registration;
use wharf_protocol::request::{Reply, Request, RequestError};

use crate::backend::Asking;
use crate::error::ExtError;
use crate::fleet::Shared;
use crate::footing::Footing;
use crate::inbound::{HostServices, LogSource};
use crate::ration::{Pass, Rations};
use crate::requests::{Means, Requests};
use crate::supervisor::Supervisor;

/// The services of one start of an extension. They end when the agent does.
pub(crate) struct Services {
    shared: Weak<Shared>,
    supervisor: Weak<Supervisor>,
    /// Which of the extension's starts these belong to.
    generation: u64,
    rations: Arc<Rations>,
    footing: Arc<Footing>,
}

impl Services {
    pub(crate) fn new(
        shared: Weak<Shared>,
        supervisor: Weak<Supervisor>,
        generation: u64,
        rations: Arc<Rations>,
        footing: Arc<Footing>,
    ) -> Self {
        Self { shared, supervisor, generation, rations, footing }
    }

    fn means(&self) -> Means<'_> {
        Means { rations: &self.rations, footing: &self.footing }
    }

    fn with_panel(&self, extension: &ExtensionId, act: impl FnOnce(&Requests) -> Result<(), RequestError>) {
        let Some(shared) = self.shared.upgrade() else { return };
        if let Err(why) = act(&shared.requests) {
            self.log(extension, LogSource::Host, &format!("a panel was not drawn: {why}"));
        }
    }

    /// What is said of a version on trial, or by it, is told apart from what the one that serves says.
    fn marked<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.footing.is_on_trial() { format!("(on trial) {text}").into() } else { text.into() }
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
        shared.reporter.log(extension, source, &self.marked(text));
    }

    fn notify(&self, extension: &ExtensionId, level: Level, message: &str) {
        let Some(shared) = self.shared.upgrade() else { return };
        let Pass::After(dropped) = self.rations.notice() else { return };
        if dropped > 0 {
            let line = format!("it notifies too often; {dropped} notices were not shown");
            shared.reporter.log(extension, LogSource::Host, &line);
        }
        shared.reporter.notify(extension, level, &self.marked(message));
    }

    fn register(&self, _: &ExtensionId, registration: Registration) -> Vec<String> {
        match (self.shared.upgrade(), self.supervisor.upgrade()) {
            (Some(shared), Some(supervisor)) => shared.register(&supervisor, self.generation, registration),
            _ => vec!["the agent is ending".to_owned()],
        }
    }

    fn left_out(&self, extension: &ExtensionId, what: &str) {
        if let Some(shared) = self.shared.upgrade() {
            shared.tell_refused(&mut shared.lock(), extension, vec![what.to_owned()]);
        }
    }

    fn render_panel(&self, extension: &ExtensionId, panel: Panel) {
        self.with_panel(extension, |requests| requests.render_panel(extension, &self.means(), panel));
    }

    fn close_panel(&self, extension: &ExtensionId, id: &str) {
        self.with_panel(extension, |requests| requests.close_panel(extension, &self.means(), id));
    }

    fn request(
        &self,
        extension: &ExtensionId,
        asking: Option<Asking>,
        request: Request,
    ) -> BoxFuture<'static, Result<Reply, RequestError>> {
        match self.shared.upgrade() {
            Some(shared) => shared.requests.take(extension, &self.means(), asking, request),
            None => ready(Err(RequestError::unavailable("the agent is ending"))).boxed(),
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
