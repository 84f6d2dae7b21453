//! How much one extension may write into its log, say to the user and set in motion, whatever start of it that is.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use wharf_ports::call::Cause;
use wharf_protocol::request::RequestError;

use crate::allowance::Allowance;
use crate::inbound::LogSource;
use crate::limits::LogLimits;

/// Notices that one extension may send at once, and as many again within a minute.
const NOTICES: u64 = 60;
/// Texts that one extension may display at once, and as many again within a minute.
const DISPLAYS: u64 = 60;
/// Values that one extension may write into its store at once, and as many again within a second.
const WRITES: u64 = 100;
/// Panels, segments of the status line and texts for the editor that one extension may draw at once, and as many again
/// within a second.
const DRAWS: u64 = 60;
/// Prompts that one extension may submit within a minute and within an hour, unless the human says something.
const PROMPTS: [(u64, Duration); 2] = [(6, MINUTE), (60, HOUR)];
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The rations of one extension.
#[derive(Debug)]
pub(crate) struct Rations {
    notices: Mutex<Ration>,
    /// What the extension itself writes.
    said: Mutex<Ration>,
    /// What the host writes about it, which the extension can bring about as well.
    told: Mutex<Ration>,
    displays: Mutex<Allowance>,
    writes: Mutex<Allowance>,
    draws: Mutex<Allowance>,
    prompts: Mutex<Prompting>,
}

/// What an extension sets in motion.
#[derive(Debug)]
struct Prompting {
    /// What set the extension itself in motion the last time; none: nothing yet.
    cause: Option<Cause>,
    allowances: [Allowance; PROMPTS.len()],
}

impl Prompting {
    fn new(cause: Option<Cause>) -> Self {
        Self { cause, allowances: PROMPTS.map(|(most, period)| Allowance::new(most, period)) }
    }
}

/// What may go, and what did not.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pass {
    /// It may; so many before it did not.
    After(u64),
    /// It may not.
    Dropped,
}

impl Rations {
    pub(crate) fn new(limits: &LogLimits) -> Self {
        let notices = Allowance::new(NOTICES, MINUTE);
        let log = || {
            let messages = Allowance::new(u64::from(limits.per_second), Duration::from_secs(1));
            let text = Allowance::new(limits.per_day.wide(), DAY);
            Mutex::new(Ration { messages, text: Some((text, limits.message.wide())), dropped: 0 })
        };
        let notices = Mutex::new(Ration { messages: notices, text: None, dropped: 0 });
        Self {
            notices,
            said: log(),
            told: log(),
            displays: Mutex::new(Allowance::new(DISPLAYS, MINUTE)),
            writes: Mutex::new(Allowance::new(WRITES, Duration::from_secs(1))),
            draws: Mutex::new(Allowance::new(DRAWS, Duration::from_secs(1))),
            prompts: Mutex::new(Prompting::new(None)),
        }
    }

    /// The extension was called or told of something: what it sets in motion from now on has this cause. A new action
    /// of the human gives it all of its prompts back.
    pub(crate) fn note(&self, cause: Cause) {
        let mut prompts = lock(&self.prompts);
        if cause.depth == 0 && prompts.cause.is_none_or(|before| before.chain != cause.chain) {
            *prompts = Prompting::new(Some(cause));
        } else {
            prompts.cause = Some(cause);
        }
    }

    /// Whether it may submit one more prompt, and what that one's cause is: one deeper than that of the call during which
    /// it does, or than what set it in motion the last time.
    pub(crate) fn prompt(&self, call: Option<Cause>) -> Result<Cause, RequestError> {
        let mut prompts = lock(&self.prompts);
        let cause = call.or(prompts.cause).unwrap_or_else(Cause::human);
        let cause = cause.by_extension().ok_or(RequestError::TooDeep)?;
        for allowance in &mut prompts.allowances {
            take(allowance)?;
        }
        Ok(cause)
    }

    pub(crate) fn display(&self) -> Result<(), RequestError> {
        take(&mut lock(&self.displays))
    }

    /// Whether it may draw something: a panel, its segment of the status line, text in the editor.
    pub(crate) fn draw(&self) -> Result<(), RequestError> {
        take(&mut lock(&self.draws))
    }

    pub(crate) fn write(&self) -> Result<(), RequestError> {
        take(&mut lock(&self.writes))
    }

    pub(crate) fn log(&self, source: LogSource, text: &str) -> Pass {
        let ration = match source {
            LogSource::Host => &self.told,
            LogSource::Guest(_) | LogSource::Stdout | LogSource::Stderr => &self.said,
        };
        lock(ration).take(text)
    }

    pub(crate) fn notice(&self) -> Pass {
        lock(&self.notices).take("")
    }

    /// Messages and notices that did not go since the last one that did.
    pub(crate) fn take_dropped(&self) -> (u64, u64) {
        let take = |ration: &Mutex<Ration>| std::mem::take(&mut lock(ration).dropped);
        (take(&self.said) + take(&self.told), take(&self.notices))
    }
}

/// So many messages, and so much text in all, of which one message may count so much at most.
#[derive(Debug)]
struct Ration {
    messages: Allowance,
    text: Option<(Allowance, u64)>,
    dropped: u64,
}

impl Ration {
    fn take(&mut self, text: &str) -> Pass {
        // Messages first: those that are dropped use up no text.
        let goes = self.messages.take(1)
            && self.text.as_mut().is_none_or(|(left, longest)| {
                left.take(u64::try_from(text.len()).unwrap_or(u64::MAX).min(*longest))
            });
        if goes {
            Pass::After(std::mem::take(&mut self.dropped))
        } else {
            self.dropped += 1;
            Pass::Dropped
        }
    }
}

fn take(allowance: &mut Allowance) -> Result<(), RequestError> {
    if allowance.take(1) {
        return Ok(());
    }
    let retry_ms = u64::try_from(allowance.until_one().as_millis()).unwrap_or(u64::MAX).max(1);
    Err(RequestError::TooOften { retry_ms })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Bytes;

    #[tokio::test(start_paused = true)]
    async fn what_is_dropped_is_counted_and_uses_up_no_text() {
        let limits = LogLimits { per_second: 2, per_day: Bytes::new(10), ..LogLimits::STANDARD };
        let rations = Rations::new(&limits);
        let log = |text| rations.log(LogSource::Stderr, text);
        assert_eq!(
            [log("ab"), log("cd"), log("ef"), log("gh")],
            [Pass::After(0), Pass::After(0), Pass::Dropped, Pass::Dropped]
        );
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(log("123456"), Pass::After(2), "the text of those that were dropped is left");
        assert_eq!(log("7"), Pass::Dropped, "and now it is used up");
        assert_eq!(rations.take_dropped(), (1, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_keeps_the_agent_going_all_night() {
        let rations = Rations::new(&LogLimits::STANDARD);
        let human = Cause::human();
        rations.note(human);
        for _ in 0..6 {
            assert_eq!(rations.prompt(None), Ok(Cause { depth: 1, ..human }));
        }
        assert_eq!(rations.prompt(None), Err(RequestError::TooOften { retry_ms: 10_000 }));
        rations.note(human);
        assert!(rations.prompt(None).is_err(), "the same action of the human");
        rations.note(Cause::human());
        assert!(rations.prompt(None).is_ok(), "another one");
        rations.note(Cause { depth: Cause::MAX_DEPTH, ..human });
        assert_eq!(rations.prompt(None), Err(RequestError::TooDeep));
        assert!(rations.prompt(Some(human)).is_ok(), "the call itself counts, if it is known");
    }
}
