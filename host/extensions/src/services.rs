//! The host's services, as extensions reach them. None of them waits.

use std::sync::{Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::time::Instant;
use wharf_protocol::id::ExtensionId;
use wharf_protocol::notice::Level;
use wharf_protocol::registration::Registration;

use crate::error::{ExtError, Stage};
use crate::fleet::Shared;
use crate::inbound::{HostServices, LogSource};

/// Notices that one extension may send in one burst.
const BURST: u32 = 60;
/// How long it takes until it may send one more.
const REFILL: Duration = Duration::from_secs(1);

/// The services of one extension. They end when the agent does.
pub(crate) struct Services {
    shared: Weak<Shared>,
    notices: Mutex<Bucket>,
}

impl Services {
    pub(crate) fn new(shared: Weak<Shared>) -> Self {
        Self { shared, notices: Mutex::new(Bucket { left: BURST, since: Instant::now(), dropped: 0 }) }
    }
}

/// So many at once, and then one at a time.
struct Bucket {
    left: u32,
    since: Instant,
    dropped: u64,
}

impl Bucket {
    /// Whether one more may go; if not, how many were held back by now.
    fn take(&mut self) -> Result<(), u64> {
        let passed = u32::try_from(self.since.elapsed().as_millis() / REFILL.as_millis()).unwrap_or(u32::MAX);
        if passed > 0 {
            self.left = self.left.saturating_add(passed).min(BURST);
            self.since = Instant::now();
        }
        if self.left == 0 {
            self.dropped += 1;
            return Err(self.dropped);
        }
        self.left -= 1;
        Ok(())
    }
}

impl HostServices for Services {
    fn log(&self, extension: &ExtensionId, source: LogSource, text: &str) {
        if let Some(shared) = self.shared.upgrade() {
            shared.reporter.log(extension, source, text);
        }
    }

    fn notify(&self, extension: &ExtensionId, level: Level, message: &str) {
        let Some(shared) = self.shared.upgrade() else { return };
        let may = self.notices.lock().unwrap_or_else(PoisonError::into_inner).take();
        match may {
            Ok(()) => shared.reporter.notify(extension, level, message),
            // Powers of two, so that the log is no storm either.
            Err(dropped) if dropped.is_power_of_two() => {
                let text = format!("it notifies too often; {dropped} notices were not shown");
                shared.reporter.log(extension, LogSource::Host, &text);
            }
            Err(_) => {}
        }
    }

    fn register(&self, extension: &ExtensionId, registration: Registration) {
        if let Some(shared) = self.shared.upgrade() {
            shared.register(extension, registration);
        }
    }

    fn lost(&self, error: ExtError) {
        let Some(shared) = self.shared.upgrade() else { return };
        let consequence = "it is not running any more";
        match error.stage {
            // Whoever made the call tells the user.
            Stage::Tool(_) | Stage::Command(_) | Stage::Hook(_) => {
                shared.reporter.log(&error.extension, LogSource::Host, &format!("{error} → {consequence}"));
            }
            Stage::Manifest
            | Stage::Spawn
            | Stage::Compile
            | Stage::Link
            | Stage::Instantiate
            | Stage::Start
            | Stage::Register
            | Stage::Event
            | Stage::Running
            | Stage::Stop => shared.reporter.fault(&error, Some(consequence)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_storm_is_held_back_and_a_breeze_is_not() {
        let mut bucket = Bucket { left: BURST, since: Instant::now(), dropped: 0 };
        assert!((0..BURST).all(|_| bucket.take().is_ok()));
        assert_eq!(bucket.take(), Err(1));
        assert_eq!(bucket.take(), Err(2));
        tokio::time::advance(REFILL * 2).await;
        assert!(bucket.take().is_ok() && bucket.take().is_ok());
        assert_eq!(bucket.take(), Err(3));
    }
}
