//! The services that a backend is handed for its extension: what a guest may ask of the host.
//!
//! None of them waits for an extension, so none can lead back into one. Those that wait for the disk or for the user
//! ([`HostServices::request`]) do so elsewhere, and end with the call that asked.

use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, ready};
use wharf_protocol::id::ExtensionId;
use wharf_protocol::notice::{Level, LogLevel};
use wharf_protocol::panel::Panel;
use wharf_protocol::registration::Registration;
use wharf_protocol::request::{Reply, Request, RequestError};

use crate::backend::Asking;

use crate::error::ExtError;

/// Where a line of an extension's log came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogSource {
    /// The host speaks of the extension.
    Host,
    /// The extension called `log`.
    Guest(LogLevel),
    /// It wrote to its standard output (components only).
    Stdout,
    /// It wrote to its standard error.
    Stderr,
}

/// The host's side of all extensions. Every method returns at once; what [`HostServices::request`] returns may take until
/// the disk or the user has answered.
pub trait HostServices: Send + Sync {
    /// Adds a line to the extension's log.
    fn log(&self, extension: &ExtensionId, source: LogSource, text: &str);
    /// Tells the user something.
    fn notify(&self, extension: &ExtensionId, level: Level, message: &str);
    /// Registers more than was registered at the start.
    fn register(&self, extension: &ExtensionId, registration: Registration) -> Vec<String>;
    /// Something that the extension wanted to register means nothing: the user is told once, and the log.
    fn left_out(&self, extension: &ExtensionId, what: &str) {
        self.log(extension, LogSource::Host, what);
    }
    /// Draws a panel of the extension anew; one that it has not opened is logged and passed over. A host without a
    /// screen passes over all.
    fn render_panel(&self, _extension: &ExtensionId, _panel: Panel) {}
    /// Closes a panel of the extension; one that it has not opened is logged and passed over.
    fn close_panel(&self, _extension: &ExtensionId, _id: &str) {}
    /// Asks something of the host, during a call or on its own initiative. Has begun when it returns; dropping what is
    /// returned gives a dialog up. A host without screen and store has neither.
    fn request(
        &self,
        _extension: &ExtensionId,
        _asking: Option<Asking>,
        _request: Request,
    ) -> BoxFuture<'static, Result<Reply, RequestError>> {
        ready(Err(RequestError::NoUi)).boxed()
    }
    /// A running extension has ended on its own.
    fn lost(&self, error: ExtError);
    /// Its code is being made for the first time, which takes a while; or that is over.
    fn compiling(&self, extension: &ExtensionId, compiling: bool);
}

/// [`HostServices`], bound to one extension so that it can only speak for itself. Cheap to clone.
#[derive(Clone)]
pub struct Inbound {
    extension: ExtensionId,
    services: Arc<dyn HostServices>,
}

impl Inbound {
    /// Binds the services to an extension.
    #[must_use]
    pub fn new(extension: ExtensionId, services: Arc<dyn HostServices>) -> Self {
        Self { extension, services }
    }

    /// The extension.
    #[must_use]
    pub fn extension(&self) -> &ExtensionId {
        &self.extension
    }

    /// Adds a line to the extension's log.
    pub fn log(&self, source: LogSource, text: &str) {
        self.services.log(&self.extension, source, text);
    }

    /// Tells the user something.
    pub fn notify(&self, level: Level, message: &str) {
        self.services.notify(&self.extension, level, message);
    }

    /// Registers more.
    pub fn register(&self, registration: Registration) -> Vec<String> {
        self.services.register(&self.extension, registration)
    }

    /// Tells that something which it wanted to register means nothing.
    pub fn left_out(&self, what: &str) {
        self.services.left_out(&self.extension, what);
    }

    /// Draws a panel anew.
    pub fn render_panel(&self, panel: Panel) {
        self.services.render_panel(&self.extension, panel);
    }

    /// Closes a panel.
    pub fn close_panel(&self, id: &str) {
        self.services.close_panel(&self.extension, id);
    }

    /// Asks something of the host.
    ///
    /// # Errors
    /// Why it came to nothing.
    pub fn request(
        &self,
        asking: Option<Asking>,
        request: Request,
    ) -> BoxFuture<'static, Result<Reply, RequestError>> {
        self.services.request(&self.extension, asking, request)
    }

    /// Tells the host that the extension's code is being made, until what is returned is dropped.
    #[must_use]
    pub fn compiling(&self) -> Compiling {
        self.services.compiling(&self.extension, true);
        Compiling(self.clone())
    }

    /// Tells the host that the extension has ended on its own.
    pub fn lost(&self, error: ExtError) {
        self.services.lost(error);
    }
}

/// As long as it lives, an extension's code is being made.
pub struct Compiling(Inbound);

impl Drop for Compiling {
    fn drop(&mut self) {
        self.0.services.compiling(&self.0.extension, false);
    }
}
