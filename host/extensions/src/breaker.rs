//! Counts the crashes of one extension, and says what follows: a restart after a pause, or quarantine.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use crate::limits::RestartLimits;

/// What follows a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// It is started again after this pause.
    Restart(Duration),
    /// It is not started again: so many crashes within that time.
    Quarantine(u32, Duration),
}

/// The crashes of one extension.
#[derive(Debug)]
pub(crate) struct Breaker {
    limits: RestartLimits,
    crashes: VecDeque<Instant>,
}

impl Breaker {
    pub(crate) fn new(limits: RestartLimits) -> Self {
        Self { limits, crashes: VecDeque::new() }
    }

    /// Counts a crash that happened now.
    pub(crate) fn crash(&mut self) -> Next {
        let now = Instant::now();
        let RestartLimits { first, longest, quick, slow } = self.limits;
        self.crashes.retain(|crash| now.duration_since(*crash) < slow.1);
        self.crashes.push_back(now);
        for (count, within) in [quick, slow] {
            let recent = self.crashes.iter().filter(|crash| now.duration_since(**crash) < within).count();
            if u32::try_from(recent).is_ok_and(|recent| recent >= count) {
                return Next::Quarantine(count, within);
            }
        }
        let doublings = u32::try_from(self.crashes.len() - 1).unwrap_or(u32::MAX);
        Next::Restart(first.saturating_mul(2_u32.saturating_pow(doublings)).min(longest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn crash_each(breaker: &mut Breaker, pauses: &[u64]) -> Vec<Next> {
        let mut all = Vec::new();
        for pause in pauses {
            tokio::time::advance(Duration::from_secs(*pause)).await;
            all.push(breaker.crash());
        }
        all
    }

    fn restart(millis: u64) -> Next {
        Next::Restart(Duration::from_millis(millis))
    }

    #[tokio::test(start_paused = true)]
    async fn three_crashes_in_a_minute_are_too_many() {
        let mut breaker = Breaker::new(RestartLimits::STANDARD);
        let seen = crash_each(&mut breaker, &[0, 20, 20]).await;
        assert_eq!(seen, [restart(250), restart(500), Next::Quarantine(3, Duration::from_secs(60))]);
    }

    #[tokio::test(start_paused = true)]
    async fn five_crashes_in_ten_minutes_are_too_many() {
        let mut breaker = Breaker::new(RestartLimits::STANDARD);
        let seen = crash_each(&mut breaker, &[0, 61, 61, 61, 61]).await;
        assert_eq!(seen[..4], [restart(250), restart(500), restart(1000), restart(2000)]);
        assert_eq!(seen[4], Next::Quarantine(5, Duration::from_secs(600)));
    }

    #[tokio::test(start_paused = true)]
    async fn who_runs_for_long_begins_anew() {
        let mut breaker = Breaker::new(RestartLimits::STANDARD);
        let seen = crash_each(&mut breaker, &[0, 61, 61, 61, 600]).await;
        assert_eq!(seen[4], restart(250));
    }

    #[tokio::test(start_paused = true)]
    async fn the_pause_does_not_grow_for_ever() {
        let limits = RestartLimits {
            quick: (u32::MAX, Duration::from_secs(60)),
            slow: (u32::MAX, Duration::from_secs(600)),
            ..RestartLimits::STANDARD
        };
        let mut breaker = Breaker::new(limits);
        let last = (0..100).map(|_| breaker.crash()).last();
        assert_eq!(last, Some(restart(30_000)));
    }
}
