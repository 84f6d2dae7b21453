//! The services that the world imports.

use std::time::Duration;

use wharf_protocol::notice::{Level, LogLevel};
use wharf_protocol::panel::Panel;
use wharf_protocol::registration::Registration;
use wharf_protocol::request::{RequestError, Scope, Value};

use super::bindings::wharf::extension::{agent, current_call, dialogs, log, registry, store, ui};
use super::convert::{self, request_error};

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

    pub fn register(&self, more: Registration) -> Result<(), RequestError> {
        registry::register(&convert::registration(more)).map_err(request_error)
    }

    pub fn display(&self, text: &str) -> Result<(), RequestError> {
        ui::display(text).map_err(request_error)
    }

    pub fn insert(&self, text: &str) -> Result<(), RequestError> {
        ui::insert(text).map_err(request_error)
    }

    pub fn set_status(&self, text: &str) -> Result<(), RequestError> {
        ui::set_status(text).map_err(request_error)
    }

    pub fn submit(&self, text: &str) -> Result<(), RequestError> {
        agent::submit(text).map_err(request_error)
    }

    pub fn open_panel(&self, panel: Panel) -> Result<(), RequestError> {
        ui::open_panel(&convert::panel(panel)).map_err(request_error)
    }

    pub fn render_panel(&self, panel: Panel) {
        ui::render_panel(&convert::panel(panel));
    }

    pub fn close_panel(&self, id: &str) {
        ui::close_panel(id);
    }

    pub fn select(&self, title: &str, choices: Vec<String>) -> Result<u32, RequestError> {
        dialogs::select(title, &choices).map_err(request_error)
    }

    pub fn confirm(&self, title: &str, text: &str) -> Result<bool, RequestError> {
        dialogs::confirm(title, text).map_err(request_error)
    }

    pub fn input(&self, title: &str, text: &str) -> Result<String, RequestError> {
        dialogs::input(title, text).map_err(request_error)
    }

    pub fn store_get(&self, scope: Scope, key: &str) -> Result<Option<Value>, RequestError> {
        let found = store::get(convert::scope(scope), key).map_err(request_error)?;
        Ok(found.map(|found| Value { value: found.value, version: found.version }))
    }

    pub fn store_set(
        &self,
        scope: Scope,
        key: &str,
        value: &str,
        expected: Option<u64>,
    ) -> Result<u64, RequestError> {
        store::set(convert::scope(scope), key, value, expected).map_err(request_error)
    }

    pub fn store_delete(&self, scope: Scope, key: &str) -> Result<(), RequestError> {
        store::delete(convert::scope(scope), key).map_err(request_error)
    }

    pub fn store_keys(&self, scope: Scope, prefix: &str, after: &str) -> Result<Vec<String>, RequestError> {
        store::keys(convert::scope(scope), prefix, after).map_err(request_error)
    }

    pub fn progress(&self, text: &str) {
        current_call::progress(text);
    }

    pub fn cancelled(&self) -> bool {
        current_call::cancelled()
    }

    pub fn remaining(&self) -> Option<Duration> {
        Some(Duration::from_millis(u64::from(current_call::remaining_ms())))
    }
}
