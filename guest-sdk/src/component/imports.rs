//! The services that the world imports.

use std::time::Duration;

use wharf_protocol::notice::{Level, LogLevel};
use wharf_protocol::registration::Registration;

use super::bindings::wharf::extension::{cancellation, log, registry, ui};
use super::convert;

/// The imports carry no state of their own.
#[derive(Debug)]
pub struct Services;

impl Services {
    pub fn log(&self, level: LogLevel, message: &str) {
        let level = match level {
            LogLevel::Trace => log::Level::Trace,
            LogLevel::Debug => log::Level::Debug,
            LogLevel::Info => log::Level::Info,
            LogLevel::Warn => log::Level::Warn,
            LogLevel::Error => log::Level::Error,
        };
        log::write(level, message);
    }

    pub fn notify(&self, level: Level, message: &str) {
        let level = match level {
            Level::Info => ui::Level::Info,
            Level::Success => ui::Level::Success,
            Level::Warn => ui::Level::Warn,
            Level::Error => ui::Level::Error,
        };
        ui::notify(level, message);
    }

    pub fn register(&self, more: Registration) {
        registry::register(&convert::registration(more));
    }

    pub fn cancelled(&self) -> bool {
        cancellation::requested()
    }

    pub fn remaining(&self) -> Option<Duration> {
        Some(Duration::from_millis(u64::from(cancellation::remaining_ms())))
    }
}
