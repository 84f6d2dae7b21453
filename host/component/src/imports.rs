//! The host's side of `wharf:extension`. None of these waits and none triggers a hook, so nothing that a guest
//! calls can lead back into a guest.

use tokio::time::Instant;
use wharf_extensions::inbound::LogSource;

use crate::bindings::wharf::extension::{cancellation, log, registry, types, ui};
use crate::convert;
use crate::guest::Guest;

impl types::Host for Guest {}

impl log::Host for Guest {
    fn write(&mut self, level: log::Level, message: String) -> wasmtime::Result<()> {
        self.inbound.log(LogSource::Guest(convert::log_level(level)), &message);
        Ok(())
    }
}

impl ui::Host for Guest {
    fn notify(&mut self, level: ui::Level, message: String) -> wasmtime::Result<()> {
        self.inbound.notify(convert::level(level), &message);
        Ok(())
    }
}

impl registry::Host for Guest {
    fn register(&mut self, more: types::Registration) -> wasmtime::Result<()> {
        match convert::registration(more) {
            Ok(registration) => self.inbound.register(registration),
            Err(problem) => self.inbound.log(LogSource::Host, &format!("registration refused: {problem}")),
        }
        Ok(())
    }
}

impl cancellation::Host for Guest {
    fn requested(&mut self) -> wasmtime::Result<bool> {
        Ok(self.call.cancel.is_cancelled())
    }

    fn remaining_ms(&mut self) -> wasmtime::Result<u32> {
        let left = self.call.deadline.saturating_duration_since(Instant::now());
        Ok(u32::try_from(left.as_millis()).unwrap_or(u32::MAX))
    }
}
