//! What an extension may ask of its host.

use std::time::Duration;

use wharf_protocol::notice::{Level, LogLevel};
use wharf_protocol::registration::Registration;

#[cfg(target_arch = "wasm32")]
use crate::component::imports as services;
#[cfg(not(target_arch = "wasm32"))]
use crate::subprocess::outlet as services;

/// The host, as an extension sees it. None of these waits for anybody.
pub struct Host(pub(crate) services::Services);

impl Host {
    /// Writes a line to the extension's log, which `wharf ext logs NAME` shows.
    pub fn log(&self, level: LogLevel, message: &str) {
        self.0.log(level, message);
    }

    /// Tells the user something at once.
    pub fn notify(&self, level: Level, message: &str) {
        self.0.notify(level, message);
    }

    /// Registers more than [`Extension::registration`](crate::Extension::registration) named. It joins at the next
    /// model call; a name that is taken is refused, and the user is told.
    pub fn register(&self, more: Registration) {
        self.0.register(more);
    }

    /// Whether the call in progress was cancelled: return soon, the answer is not used. Version 1 of the subprocess
    /// protocol does not tell, there it is always `false`.
    #[must_use]
    pub fn cancelled(&self) -> bool {
        self.0.cancelled()
    }

    /// Time until the deadline of the call in progress; none where the host does not tell (a subprocess).
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        self.0.remaining()
    }
}
