//! The host's services, as extensions reach them. None of them waits.

use std::sync::{Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use wharf_protocol::id::ExtensionId;
use wharf_protocol::notice::Level;
use wharf_protocol::registration::Registration;

use crate::allowance::Allowance;
use crate::error::ExtError;
use crate::fleet::Shared;
use crate::inbound::{HostServices, LogSource};
use crate::limits::LogLimits;

/// Notices that one extension may send at once, and as many again within a minute.
const NOTICES: u64 = 60;
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The services of one start of an extension. They end when the agent does.
pub(crate) struct Services {
    shared: Weak<Shared>,
    extension: ExtensionId,
    /// Which of the extension's starts these belong to.
    generation: u64,
    notices: Mutex<Rationed>,
    /// What the extension itself writes.
    said: Mutex<LogRation>,
    /// What the host writes about it, which the extension can bring about as well.
    told: Mutex<LogRation>,
}

impl Services {
    pub(crate) fn new(
        shared: Weak<Shared>,
        extension: ExtensionId,
        generation: u64,
        log: &LogLimits,
    ) -> Self {
        Self {
            shared,
            extension,
            generation,
            notices: Mutex::new(Rationed::new(Allowance::new(NOTICES, MINUTE))),
            said: Mutex::new(LogRation::new(log)),
            told: Mutex::new(LogRation::new(log)),
        }
    }
}

impl Services {
    /// At its end: what was dropped since something last went through, which nothing that came after has told.
    pub(crate) fn tell_dropped(&self) {
        let dropped = |ration: &Mutex<LogRation>| std::mem::take(&mut lock(ration).messages.dropped);
        let messages = dropped(&self.said) + dropped(&self.told);
        let notices = std::mem::take(&mut lock(&self.notices).dropped);
        let Some(shared) = self.shared.upgrade().filter(|_| messages + notices > 0) else { return };
        let line = format!("{messages} messages and {notices} notices before its end were dropped: too many");
        shared.reporter.log(&self.extension, LogSource::Host, &line);
    }
}

/// An allowance, and what did not fit into it since something last did.
struct Rationed {
    allowance: Allowance,
    dropped: u64,
}

/// What may go, and what did not.
enum Pass {
    /// It may; so many before it did not.
    After(u64),
    /// It may not.
    Dropped,
}

impl Rationed {
    fn new(allowance: Allowance) -> Self {
        Self { allowance, dropped: 0 }
    }

    fn take(&mut self, count: u64) -> Pass {
        if self.allowance.take(count) {
            Pass::After(std::mem::take(&mut self.dropped))
        } else {
            self.dropped += 1;
            Pass::Dropped
        }
    }
}

/// So many messages each second, and so much text each day.
struct LogRation {
    message: u64,
    messages: Rationed,
    text: Allowance,
}

impl LogRation {
    fn new(limits: &LogLimits) -> Self {
        let messages = Allowance::new(u64::from(limits.per_second), Duration::from_secs(1));
        Self {
            message: limits.message.wide(),
            messages: Rationed::new(messages),
            text: Allowance::new(limits.per_day.wide(), DAY),
        }
    }

    fn take(&mut self, text: &str) -> Pass {
        // Messages first: those that are dropped use up no text.
        let length = u64::try_from(text.len()).unwrap_or(u64::MAX).min(self.message);
        if self.messages.allowance.take(1) && self.text.take(length) {
            Pass::After(std::mem::take(&mut self.messages.dropped))
        } else {
            self.messages.dropped += 1;
            Pass::Dropped
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl HostServices for Services {
    fn log(&self, extension: &ExtensionId, source: LogSource, text: &str) {
        let ration = match source {
            LogSource::Host => &self.told,
            LogSource::Guest(_) | LogSource::Stdout | LogSource::Stderr => &self.said,
        };
        let Pass::After(dropped) = lock(ration).take(text) else { return };
        let Some(shared) = self.shared.upgrade() else { return };
        if dropped > 0 {
            let line = format!("{dropped} messages before this one were dropped: it writes too much");
            shared.reporter.log(extension, LogSource::Host, &line);
        }
        shared.reporter.log(extension, source, text);
    }

    fn notify(&self, extension: &ExtensionId, level: Level, message: &str) {
        let Some(shared) = self.shared.upgrade() else { return };
        let Pass::After(dropped) = lock(&self.notices).take(1) else { return };
        if dropped > 0 {
            let line = format!("it notifies too often; {dropped} notices were not shown");
            shared.reporter.log(extension, LogSource::Host, &line);
        }
        shared.reporter.notify(extension, level, message);
    }

    fn register(&self, extension: &ExtensionId, registration: Registration) {
        if let Some(shared) = self.shared.upgrade() {
            shared.register(extension, self.generation, registration);
        }
    }

    fn lost(&self, error: ExtError) {
        if let Some(supervisor) = self.shared.upgrade().and_then(|shared| shared.supervisor(&error.extension))
        {
            supervisor.lost(self.generation, error);
        }
    }
}
