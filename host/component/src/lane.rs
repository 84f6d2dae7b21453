//! Who may enter an instance next.
//!
//! An instance runs one call at a time. The lane is a lock over it: whoever finds it free takes it without waiting;
//! the others wait by class, hooks before calls before events. The one who holds it gives it back, or closes the lane
//! because the instance is lost.

mod queue;
#[cfg(test)]
mod tests;

pub(crate) use queue::Class;

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use wharf_extensions::error::Fault;

use queue::Queue;

/// The lock. `T` is what is entered: it is moved to whoever holds it.
pub(crate) struct Lane<T> {
    state: Mutex<State<T>>,
}

struct State<T> {
    resident: Option<Box<T>>,
    busy_with: Option<String>,
    queue: Queue<T>,
    gate: Gate,
}

/// Who may still enter.
enum Gate {
    Open,
    /// The extension is being ended: only that may enter.
    Ending(Fault),
    Closed(Fault),
}

impl Gate {
    fn fault(&self) -> Option<Fault> {
        match self {
            Self::Open => None,
            Self::Ending(fault) | Self::Closed(fault) => Some(Fault::NotRunning { why: fault.to_string() }),
        }
    }
}

impl<T> Lane<T> {
    pub(crate) fn new(resident: Box<T>) -> Self {
        let state =
            State { resident: Some(resident), busy_with: None, queue: Queue::default(), gate: Gate::Open };
        Self { state: Mutex::new(state) }
    }

    /// Takes the instance if nobody holds it.
    pub(crate) fn try_enter(&self, label: &str) -> Option<Box<T>> {
        let mut state = self.lock();
        if !matches!(state.gate, Gate::Open) {
            return None;
        }
        let resident = state.resident.take()?;
        state.busy_with = Some(label.to_owned());
        Some(resident)
    }

    /// Takes the instance, waiting for it until the deadline.
    pub(crate) async fn enter(
        &self,
        class: Class,
        label: &str,
        deadline: Instant,
        cancel: &CancellationToken,
    ) -> Result<Box<T>, Fault> {
        let started = Instant::now();
        let mut turn = match self.enter_or_queue(class, label)? {
            Turn::Now(resident) => return Ok(resident),
            Turn::Wait(receiver) => Waiter { lane: self, receiver },
        };
        tokio::select! {
            biased;
            given = timeout_at(deadline, &mut turn.receiver) => match given {
                Ok(Ok(resident)) => {
                    self.lock().busy_with = Some(label.to_owned());
                    Ok(resident)
                }
                Ok(Err(_)) => Err(self.closed_fault()),
                Err(_) => Err(Fault::TimedOut {
                    limit: deadline.duration_since(started),
                    while_busy: self.lock().busy_with.clone(),
                }),
            },
            () = cancel.cancelled() => Err(Fault::Cancelled),
        }
    }

    fn enter_or_queue(&self, class: Class, label: &str) -> Result<Turn<T>, Fault> {
        let mut state = self.lock();
        match (&state.gate, class) {
            (Gate::Open, _) | (Gate::Ending(_), Class::Control) => {}
            (gate, _) => return Err(gate.fault().unwrap_or(Fault::Cancelled)),
        }
        if let Some(resident) = state.resident.take() {
            state.busy_with = Some(label.to_owned());
            return Ok(Turn::Now(resident));
        }
        let queue = state.queue.of(class);
        queue.retain(|waiter| !waiter.is_closed());
        if queue.len() >= class.capacity() {
            return Err(Fault::Busy { waiting: queue.len() });
        }
        let (sender, receiver) = oneshot::channel();
        queue.push_back(sender);
        Ok(Turn::Wait(receiver))
    }

    /// Gives the instance back: to the next who waits, or to rest.
    pub(crate) fn leave(&self, resident: Box<T>) {
        let mut state = self.lock();
        state.busy_with = None;
        let mut resident = resident;
        if matches!(state.gate, Gate::Closed(_)) {
            // Tearing an instance down takes a while: not under the lock.
            drop(state);
            return;
        }
        while let Some(waiter) = state.queue.next() {
            match waiter.send(resident) {
                Ok(()) => return,
                Err(back) => resident = back,
            }
        }
        state.resident = Some(resident);
    }

    /// The extension is to be ended: all who wait are told so, and only [`Class::Control`] enters any more.
    pub(crate) fn end(&self, fault: Fault) {
        let mut state = self.lock();
        if matches!(state.gate, Gate::Open) {
            state.gate = Gate::Ending(fault);
        }
        for class in [Class::Hook, Class::Call, Class::Event] {
            state.queue.of(class).clear();
        }
    }

    /// The instance is lost, or to be given up: all who wait are told why, and nobody enters any more.
    pub(crate) fn close(&self, fault: Fault) {
        let mut state = self.lock();
        if !matches!(state.gate, Gate::Closed(_)) {
            state.gate = Gate::Closed(fault);
        }
        let resident = state.resident.take();
        state.queue.clear();
        drop(state);
        drop(resident);
    }

    fn closed_fault(&self) -> Fault {
        self.lock().gate.fault().unwrap_or(Fault::Cancelled)
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Turn<T> {
    Now(Box<T>),
    Wait(oneshot::Receiver<Box<T>>),
}

/// Gives back what was sent to somebody who no longer waits.
struct Waiter<'a, T> {
    lane: &'a Lane<T>,
    receiver: oneshot::Receiver<Box<T>>,
}

impl<T> Drop for Waiter<'_, T> {
    fn drop(&mut self) {
        self.receiver.close();
        if let Ok(resident) = self.receiver.try_recv() {
            self.lane.leave(resident);
        }
    }
}
