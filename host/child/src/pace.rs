//! How fast is read what nobody asked for: a child that floods its pipes waits for the host, and costs it little.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// So much in one second; after a silence, the share of one second comes at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Lines.
    pub lines: u32,
    /// Bytes.
    pub bytes: u32,
}

/// What a line was to who took it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worth {
    /// Somebody waited for it; it does not count.
    Awaited,
    /// Nobody asked for it; it counts.
    Unasked,
}

/// Keeps a pace, until it is over.
#[derive(Debug)]
pub struct Pacer {
    pace: Pace,
    over: CancellationToken,
    /// When everything that was counted so far is due.
    due: Instant,
}

impl Pacer {
    /// What may come at once after a silence.
    const BURST: Duration = Duration::from_secs(1);

    /// Keeps this pace until `over` fires: what is left of a child that has ended fits into its pipes.
    #[must_use]
    pub fn new(pace: Pace, over: &CancellationToken) -> Self {
        Self { pace, over: over.clone(), due: Instant::now() }
    }

    pub(crate) fn count(&mut self, lines: usize, bytes: usize) {
        let cost = share(lines, self.pace.lines) + share(bytes, self.pace.bytes);
        self.due = self.due.max(Instant::now()) + cost;
    }

    /// Waits until what was counted is no more than one burst ahead.
    pub(crate) async fn keep(&self) {
        if self.due.saturating_duration_since(Instant::now()) > Self::BURST {
            tokio::select! {
                () = self.over.cancelled() => {}
                () = sleep_until(self.due - Self::BURST) => {}
            }
        }
    }
}

/// The part of a second that so many take.
fn share(count: usize, in_one_second: u32) -> Duration {
    let nanos = (count as u128) * 1_000_000_000 / u128::from(in_one_second.max(1));
    // An hour is as good as for ever, and no sum of a few of them overflows.
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)).min(Duration::from_secs(3600))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_free_and_the_rest_keeps_the_pace() {
        let over = CancellationToken::new();
        let mut pacer = Pacer::new(Pace { lines: 100, bytes: 1000 }, &over);
        let begun = Instant::now();
        let mut passed = async |lines, bytes| {
            pacer.count(lines, bytes);
            pacer.keep().await;
            begun.elapsed().as_millis()
        };
        assert_eq!(passed(100, 0).await, 0);
        assert_eq!(passed(100, 0).await, 1000);
        assert_eq!(passed(0, 500).await, 1500);
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(passed(50, 500).await, 61_500, "a silence earns one burst and no more");
        assert_eq!(passed(0, 100).await, 61_600);
        over.cancel();
        assert_eq!(passed(100_000, 0).await, 61_600, "when it is over, nothing is waited for");
    }
}
