//! Counts who is inside, and lets nobody in any more once it is closed.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// The highest bit; those below it count.
const CLOSED: usize = 1 << (usize::BITS - 1);

/// Open at first.
#[derive(Default)]
pub(crate) struct Turnstile {
    state: AtomicUsize,
    /// Told when the last one has left after it was closed.
    emptied: Notify,
}

impl Turnstile {
    /// Goes in, if it is open. Whoever is in must leave.
    pub(crate) fn enter(&self) -> bool {
        if self.state.fetch_add(1, Ordering::AcqRel) & CLOSED == 0 {
            return true;
        }
        self.leave();
        false
    }

    pub(crate) fn leave(&self) {
        if self.state.fetch_sub(1, Ordering::AcqRel) == CLOSED + 1 {
            self.emptied.notify_waiters();
        }
    }

    /// Closes it and waits until nobody is inside. Has no limit of its own.
    pub(crate) async fn close(&self) {
        self.state.fetch_or(CLOSED, Ordering::AcqRel);
        loop {
            let mut emptied = std::pin::pin!(self.emptied.notified());
            // Before looking, so that nothing is missed in between.
            emptied.as_mut().enable();
            if self.state.load(Ordering::Acquire) == CLOSED {
                return;
            }
            emptied.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn it_is_empty_when_the_last_one_has_left() {
        let turnstile = Arc::new(Turnstile::default());
        assert!(turnstile.enter() && turnstile.enter());
        let closing = turnstile.clone();
        let closing = tokio::spawn(async move { closing.close().await });
        tokio::task::yield_now().await;
        assert!(!turnstile.enter(), "it is closed");
        turnstile.leave();
        tokio::task::yield_now().await;
        assert!(!closing.is_finished(), "one is still inside");
        turnstile.leave();
        closing.await.unwrap();
    }

    #[test]
    fn nobody_is_inside_after_it_was_empty() {
        let turnstile = Turnstile::default();
        let inside = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while turnstile.enter() {
                        inside.fetch_add(1, Ordering::SeqCst);
                        std::hint::spin_loop();
                        inside.fetch_sub(1, Ordering::SeqCst);
                        turnstile.leave();
                    }
                });
            }
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(turnstile.close());
            assert_eq!(inside.load(Ordering::SeqCst), 0);
        });
    }
}
