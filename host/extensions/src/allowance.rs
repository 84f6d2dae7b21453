//! So much at once, and no more than that again within a while: what one extension may send to the log or the user.

use std::time::Duration;

use tokio::time::Instant;

/// A quantity that is used up and grows back.
#[derive(Debug)]
pub(crate) struct Allowance {
    left: u64,
    most: u64,
    /// How long it takes to grow back from nothing to the most.
    period: Duration,
    since: Instant,
}

impl Allowance {
    pub(crate) fn new(most: u64, period: Duration) -> Self {
        Self { left: most, most, period, since: Instant::now() }
    }

    /// Takes so much, if there is that much.
    pub(crate) fn take(&mut self, count: u64) -> bool {
        self.grow();
        let there = self.left >= count;
        if there {
            self.left -= count;
        }
        there
    }

    /// How long it takes until there is one again.
    pub(crate) fn until_one(&self) -> Duration {
        let one = self.period / u32::try_from(self.most.max(1)).unwrap_or(u32::MAX);
        one.saturating_sub(self.since.elapsed())
    }

    fn grow(&mut self) {
        let period = self.period.as_micros().max(1);
        let grown = u128::from(self.most) * self.since.elapsed().as_micros() / period;
        let Ok(grown) = u64::try_from(grown) else { return };
        if self.left.saturating_add(grown) >= self.most {
            (self.left, self.since) = (self.most, Instant::now());
        } else if grown > 0 {
            self.left += grown;
            // What is left of the time counts for the next one.
            self.since +=
                Duration::from_micros(u64::try_from(period).unwrap_or(u64::MAX) / self.most * grown);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_storm_is_held_back_and_a_breeze_is_not() {
        let mut allowance = Allowance::new(60, Duration::from_secs(60));
        assert!((0..60).all(|_| allowance.take(1)));
        assert!(!allowance.take(1));
        tokio::time::advance(Duration::from_secs(2)).await;
        assert!(allowance.take(2));
        assert!(!allowance.take(1));
        tokio::time::advance(Duration::from_secs(600)).await;
        assert!(allowance.take(60), "it grows back to the most");
        assert!(!allowance.take(1), "and no further");
    }
}
