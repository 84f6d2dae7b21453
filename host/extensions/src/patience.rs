//! The deadline of a call, which stands still while the user is asked something.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::limits::DIALOG;

/// How much later than its deadline a call may end, because dialogs were open. Shared by all who keep the deadline.
#[derive(Debug, Clone)]
pub struct Patience(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    state: Mutex<State>,
    changed: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct State {
    /// Dialogs that are open, and since when there is one.
    open: usize,
    since: Option<Instant>,
    extra: Duration,
}

impl State {
    /// The deadline; or, while a dialog is open, when it goes on at the latest.
    fn deadline(&self, from: Instant) -> Result<Instant, Instant> {
        let Some(since) = self.since else { return Ok(from + self.extra.min(DIALOG)) };
        let left = DIALOG.saturating_sub(self.extra);
        if since.elapsed() < left { Err(since + left) } else { Ok(from + DIALOG) }
    }
}

impl Default for Patience {
    fn default() -> Self {
        Self(Arc::new(Inner { state: Mutex::default(), changed: watch::channel(()).0 }))
    }
}

impl Patience {
    /// A dialog is open until what is returned is dropped.
    #[must_use]
    pub fn pause(&self) -> Paused {
        let mut state = self.lock();
        state.open += 1;
        state.since.get_or_insert_with(Instant::now);
        drop(state);
        self.0.changed.send_replace(());
        Paused(self.clone())
    }

    /// The deadline as of now; none while a dialog is open. All dialogs of a call together stop it for [`DIALOG`] at
    /// most.
    #[must_use]
    pub fn deadline(&self, from: Instant) -> Option<Instant> {
        self.lock().deadline(from).ok()
    }

    /// Waits until the deadline has passed.
    pub async fn reached(&self, from: Instant) {
        let mut changed = self.0.changed.subscribe();
        loop {
            let now = self.lock().deadline(from);
            if now.is_ok_and(|deadline| deadline <= Instant::now()) {
                return;
            }
            let (Ok(next) | Err(next)) = now;
            tokio::select! {
                () = sleep_until(next) => {}
                // The sender lives as long as this does.
                _ = changed.changed() => {}
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As long as it lives, the deadline stands still.
#[derive(Debug)]
pub struct Paused(Patience);

impl Drop for Paused {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.open -= 1;
        if state.open == 0
            && let Some(since) = state.since.take()
        {
            state.extra += since.elapsed();
        }
        drop(state);
        self.0.0.changed.send_replace(());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_deadline_stands_still_while_a_dialog_is_open() {
        let (patience, began) = (Patience::default(), Instant::now());
        let deadline = began + Duration::from_secs(1);
        let first = patience.pause();
        let waiting = tokio::spawn({
            let patience = patience.clone();
            async move { patience.reached(deadline).await }
        });
        tokio::time::sleep(Duration::from_secs(5)).await;
        let second = patience.pause();
        drop(first);
        assert_eq!(patience.deadline(deadline), None, "one is open still");
        drop(second);
        waiting.await.unwrap();
        assert_eq!(began.elapsed(), Duration::from_secs(6));
    }
}
