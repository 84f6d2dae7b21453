//! A call in progress: it holds its instance, and the time is counted that it computes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::BoxFuture;
use wharf_extensions::error::{Fault, Stage};

use crate::engine::Host;
use crate::guest::CurrentCall;
use crate::trap;

use super::{Berth, Entry, Live, Visit};

/// How a call ended. There is no third state: an instance that was not given back is lost.
pub(crate) enum Ended<R> {
    /// With an answer; the instance is as good as before.
    Kept(Box<Live>, R),
    /// With the loss of the instance.
    Lost(Fault),
}

/// A call that holds its instance.
pub(crate) struct Running<R>(Metered<Ended<R>>);

impl<R: Send + 'static> Running<R> {
    pub(super) fn new(berth: &Berth, mut live: Box<Live>, visit: &Visit<'_>, entry: Entry<R>) -> Self {
        let (cx, limits) = (visit.cx, berth.limits);
        let budget = visit.budget(&limits);
        live.store.data_mut().call = match &visit.stage {
            Stage::Stop => CurrentCall::until(cx.deadline),
            _ => CurrentCall::of(cx),
        };
        live.store.data_mut().limiter.denied = None;
        live.store.set_hostcall_fuel(budget.crossing.count());
        // Counted from now: two ticks, so that a call is not interrupted because it began shortly before one.
        live.store.set_epoch_deadline(2);
        let call = Box::pin(async move {
            match entry(&mut live).await {
                Ok(value) => {
                    live.store.data().output.end_call();
                    Ended::Kept(live, value)
                }
                Err(error) => Ended::Lost(trap::describe(&error, live.store.data(), budget, &limits)),
            }
        });
        Self(Metered::new(berth.host, call, budget.cpu))
    }

    /// Polls on the caller's thread, but with `wharf-ext` as the current runtime: timers and file operations that the
    /// guest starts belong there.
    pub(super) fn poll_inline(&mut self, task: &mut Context<'_>) -> Poll<Ended<R>> {
        let _entered = self.0.host.runtime.enter();
        Pin::new(self).poll(task)
    }
}

impl<R> Future for Running<R> {
    type Output = Ended<R>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Ended<R>> {
        Pin::new(&mut self.0).poll(task).map(|ended| ended.unwrap_or_else(Ended::Lost))
    }
}

/// Work inside a guest, with the time counted that it computes.
pub(crate) struct Metered<T> {
    host: &'static Host,
    work: BoxFuture<'static, T>,
    used: Duration,
    budget: Duration,
}

impl<T> Metered<T> {
    pub(crate) fn new(host: &'static Host, work: BoxFuture<'static, T>, budget: Duration) -> Self {
        Self { host, work, used: Duration::ZERO, budget }
    }
}

impl<T> Future for Metered<T> {
    type Output = Result<T, Fault>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        self.host.clock.touch();
        let started = std::time::Instant::now();
        let work = AssertUnwindSafe(|| self.work.as_mut().poll(task));
        let Ok(polled) = catch_unwind(work) else {
            // What it held is dropped with it; the instance is lost like after a trap.
            let how = "the host failed in the middle of its call, which is a fault of the host".to_owned();
            return Poll::Ready(Err(Fault::Died { how }));
        };
        self.used += started.elapsed();
        if polled.is_pending() && self.used > self.budget {
            let how = format!("it computed for longer than {} ms in one call", self.budget.as_millis());
            return Poll::Ready(Err(Fault::Died { how }));
        }
        polled.map(Ok)
    }
}
