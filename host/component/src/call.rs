//! One call of a guest.
//!
//! The call is polled once by whoever makes it: most guests answer within microseconds, and a hop to another thread
//! would cost more than the answer. A call that is still pending then (it was interrupted by the clock, or waits for
//! the host) is handed over, future and all, to the runtime `wharf-ext`, and the caller waits for its deadline at most.
//! Whatever goes wrong costs the instance and nothing else.

mod running;

pub(crate) use running::Metered;
use running::{Ended, Running};

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use wasmtime::Store;
use wharf_extensions::backend::ExtCall;
use wharf_extensions::error::{Fault, Stage};
use wharf_extensions::inbound::Inbound;
use wharf_extensions::limits::{Budget, ComponentLimits, GRACE};

use crate::engine::Host;
use crate::guest::Guest;
use crate::lane::{Class, Lane};
use crate::load::Exports;

/// A running instance: a store and what it exports. Whoever holds it may call it.
pub(crate) struct Live {
    pub(crate) store: Store<Guest>,
    pub(crate) exports: Exports,
}

/// The lane of one extension, and where its fate is told.
pub(crate) struct Berth {
    pub(crate) host: &'static Host,
    pub(crate) limits: ComponentLimits,
    pub(crate) lane: Lane<Live>,
    pub(crate) inbound: Inbound,
    /// Fires when the extension is ended: a call in progress gets [`GRACE`], as if it had been cancelled.
    pub(crate) ending: CancellationToken,
}

/// What a call does with the instance.
pub(crate) type Entry<R> = Box<dyn for<'a> FnOnce(&'a mut Live) -> BoxFuture<'a, wasmtime::Result<R>> + Send>;

/// What is called, and by whom. How urgent it is and what it may use up follows from the stage.
pub(crate) struct Visit<'a> {
    pub(crate) stage: Stage,
    pub(crate) cx: &'a ExtCall,
}

impl Visit<'_> {
    fn class(&self) -> Class {
        match self.stage {
            Stage::Hook(_) => Class::Hook,
            Stage::Tool(_) | Stage::Command(_) => Class::Call,
            Stage::Stop => Class::Control,
            _ => Class::Event,
        }
    }

    fn budget(&self, limits: &ComponentLimits) -> Budget {
        match self.stage {
            Stage::Hook(_) => limits.hook,
            Stage::Tool(_) => limits.tool,
            Stage::Command(_) => limits.command,
            Stage::Stop => limits.shutdown,
            _ => limits.event,
        }
    }
}

impl Berth {
    /// Enters the instance, waiting for it if need be, and calls it.
    pub(crate) async fn call<R: Send + 'static>(
        self: &Arc<Self>,
        visit: Visit<'_>,
        entry: Entry<R>,
    ) -> Result<R, Fault> {
        let label = visit.stage.to_string();
        let live = self.lane.enter(visit.class(), &label, visit.cx.deadline, &visit.cx.cancel).await?;
        let mut running = Running::new(self, live, &visit, entry);
        let first = std::future::poll_fn(|task| Poll::Ready(running.poll_inline(task))).await;
        match first {
            Poll::Ready(ended) => self.settle(ended, &visit.stage),
            Poll::Pending => self.wait_for(running, visit).await,
        }
    }

    /// Calls the instance if nobody else is in it, without waiting: what does not end at once goes on elsewhere.
    /// Gives the entry back when the instance is busy.
    pub(crate) fn call_if_free(
        self: &Arc<Self>,
        visit: &Visit<'_>,
        entry: Entry<()>,
    ) -> Result<(), Entry<()>> {
        let Some(live) = self.lane.try_enter(&visit.stage.to_string()) else { return Err(entry) };
        let mut running = Running::new(self, live, visit, entry);
        let mut nobody = Context::from_waker(std::task::Waker::noop());
        match running.poll_inline(&mut nobody) {
            Poll::Ready(ended) => _ = self.settle(ended, &visit.stage),
            Poll::Pending => _ = self.hand_over(running, visit),
        }
        Ok(())
    }

    async fn wait_for<R: Send + 'static>(
        self: &Arc<Self>,
        running: Running<R>,
        visit: Visit<'_>,
    ) -> Result<R, Fault> {
        let started = Instant::now();
        let late = || Fault::TimedOut { limit: visit.cx.deadline.duration_since(started), while_busy: None };
        let answer = self.hand_over(running, &visit);
        tokio::select! {
            biased;
            answer = answer => {
                let answer = answer.unwrap_or_else(|_| Err(Fault::Died { how: "the call was dropped".into() }));
                // A guest that looks at the clock may be quicker than the one that waits for it.
                if visit.cx.is_late() { answer.and(Err(late())) } else { answer }
            }
            () = visit.cx.cancel.cancelled() => Err(Fault::Cancelled),
            () = visit.cx.late_by(Duration::ZERO) => Err(late()),
        }
    }

    /// Lets the call go on without the caller. The instance gets [`GRACE`] after the deadline or the cancellation to
    /// return by itself; then it is lost.
    fn hand_over<R: Send + 'static>(
        self: &Arc<Self>,
        running: Running<R>,
        visit: &Visit<'_>,
    ) -> oneshot::Receiver<Result<R, Fault>> {
        let (sender, receiver) = oneshot::channel();
        let (berth, stage) = (self.clone(), visit.stage.clone());
        let (cx, cancel) = (visit.cx.clone(), visit.cx.cancel.clone());
        let limit = cx.deadline.saturating_duration_since(Instant::now());
        let stopping = visit.class() == Class::Control;
        self.host.runtime.spawn(async move {
            let ending = async {
                match stopping {
                    true => std::future::pending().await,
                    false => berth.ending.cancelled().await,
                }
            };
            let cancelled = async {
                tokio::select! {
                    () = cancel.cancelled() => {}
                    () = ending => {}
                }
                sleep(GRACE).await;
            };
            let result = tokio::select! {
                biased;
                ended = running => berth.settle(ended, &stage),
                () = cx.late_by(GRACE) => {
                    Err(berth.lose(Fault::TimedOut { limit, while_busy: None }, &stage))
                }
                () = cancelled => {
                    Err(berth.lose(Fault::Overran { grace: GRACE }, &stage))
                }
            };
            // The caller may have stopped waiting.
            _ = sender.send(result);
        });
        receiver
    }

    fn settle<R>(&self, ended: Ended<R>, stage: &Stage) -> Result<R, Fault> {
        match ended {
            Ended::Kept(live, value) => {
                self.lane.leave(live);
                Ok(value)
            }
            Ended::Lost(fault) => Err(self.lose(fault, stage)),
        }
    }

    /// The instance is gone: nobody enters any more, and the host is told.
    fn lose(&self, fault: Fault, stage: &Stage) -> Fault {
        self.lane.close(fault.clone());
        self.inbound.lost(fault.clone().at(self.inbound.extension(), stage.clone()));
        fault
    }
}
