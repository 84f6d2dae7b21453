//! The services that a backend is handed for its extension: what a guest may ask of the host.
//!
//! None of them waits for an extension, so none can lead back into one.

use std::sync::Arc;

use wharf_protocol::id::ExtensionId;
use wharf_protocol::notice::{Level, LogLevel};
use wharf_protocol::registration::Registration;

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

/// The host's side of all extensions. Every method returns at once.
pub trait HostServices: Send + Sync {
    /// Adds a line to the extension's log.
    fn log(&self, extension: &ExtensionId, source: LogSource, text: &str);
    /// Tells the user something.
    fn notify(&self, extension: &ExtensionId, level: Level, message: &str);
    /// Registers more than was registered at the start.
    fn register(&self, extension: &ExtensionId, registration: Registration);
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
    pub fn register(&self, registration: Registration) {
        self.services.register(&self.extension, registration);
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
