//! Who may enter an instance next.
//!
//! An instance runs one call at a time. The lane is a lock over it: whoever finds it free takes it without waiting;
//! the others wait by class, hooks before calls before events. The one who holds it gives it back, or closes the lane
//! because the instance is lost.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use wharf_extensions::error::Fault;

/// Who waits, the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// The end.
    Control,
    /// A hook: the agent waits for it.
    Hook,
    /// A tool or a command.
    Call,
    /// An event.
    Event,
}

impl Class {
    /// How many of a class may wait.
    fn capacity(self) -> usize {
        match self {
            Self::Control => 8,
            Self::Hook | Self::Call => 32,
            Self::Event => 256,
        }
    }
}

/// So many calls go before an event that waits; then it gets its turn.
const CALLS_BEFORE_EVENT: u32 = 8;

/// The lock. `T` is what is entered: it is moved to whoever holds it.
pub(crate) struct Lane<T> {
    state: Mutex<State<T>>,
}

struct State<T> {
    resident: Option<Box<T>>,
    busy_with: Option<String>,
    waiting: [VecDeque<oneshot::Sender<Box<T>>>; 4],
    calls_since_event: u32,
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
        let state = State {
            resident: Some(resident),
            busy_with: None,
            waiting: [VecDeque::new(), VecDeque::new(), VecDeque::new(), VecDeque::new()],
            calls_since_event: 0,
            gate: Gate::Open,
        };
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
        let queue = state.queue(class);
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
        while let Some(waiter) = state.next() {
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
            state.queue(class).clear();
        }
    }

    /// The instance is lost, or to be given up: all who wait are told why, and nobody enters any more.
    pub(crate) fn close(&self, fault: Fault) {
        let mut state = self.lock();
        if !matches!(state.gate, Gate::Closed(_)) {
            state.gate = Gate::Closed(fault);
        }
        let resident = state.resident.take();
        state.waiting.iter_mut().for_each(VecDeque::clear);
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

impl<T> State<T> {
    fn queue(&mut self, class: Class) -> &mut VecDeque<oneshot::Sender<Box<T>>> {
        let [control, hooks, calls, events] = &mut self.waiting;
        match class {
            Class::Control => control,
            Class::Hook => hooks,
            Class::Call => calls,
            Class::Event => events,
        }
    }

    fn next(&mut self) -> Option<oneshot::Sender<Box<T>>> {
        let [control, hooks, calls, events] = &mut self.waiting;
        if let Some(urgent) = control.pop_front().or_else(|| hooks.pop_front()) {
            return Some(urgent);
        }
        let event_first = self.calls_since_event >= CALLS_BEFORE_EVENT && !events.is_empty();
        if !event_first && let Some(call) = calls.pop_front() {
            self.calls_since_event += 1;
            return Some(call);
        }
        self.calls_since_event = 0;
        events.pop_front()
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(5)
    }

    async fn wait_for_queue(lane: &Lane<u8>, class: Class, length: usize) {
        while lane.lock().queue(class).len() < length {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_hook_goes_before_a_call_that_waited_longer() {
        let lane = Arc::new(Lane::new(Box::new(0_u8)));
        let token = CancellationToken::new();
        let held = lane.enter(Class::Call, "first", soon(), &token).await.unwrap();
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = Vec::new();
        for (class, name) in [(Class::Event, "event"), (Class::Call, "call"), (Class::Hook, "hook")] {
            let (waiting, order, token) = (lane.clone(), order.clone(), token.clone());
            tasks.push(tokio::spawn(async move {
                let held = waiting.enter(class, name, soon(), &token).await.unwrap();
                order.lock().unwrap().push(name);
                waiting.leave(held);
            }));
            wait_for_queue(&lane, class, 1).await;
        }
        lane.leave(held);
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(*order.lock().unwrap(), ["hook", "call", "event"]);
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_up_waiting_is_told_what_kept_it_busy_and_loses_nothing() {
        let lane = Lane::new(Box::new(0_u8));
        let token = CancellationToken::new();
        let held = lane.enter(Class::Call, "tool slow", soon(), &token).await.unwrap();
        let fault = lane.enter(Class::Hook, "hook", soon(), &token).await.unwrap_err();
        assert_eq!(fault.to_string(), "timed out after 5 s (it was busy with tool slow)");
        lane.leave(held);
        assert!(lane.try_enter("next").is_some());
    }

    #[tokio::test]
    async fn closing_tells_everybody_why() {
        let lane = Arc::new(Lane::new(Box::new(0_u8)));
        let token = CancellationToken::new();
        let held = lane.try_enter("tool bad").unwrap();
        let waiting = lane.clone();
        let task =
            tokio::spawn(async move { waiting.enter(Class::Call, "tool", soon(), &token).await.map(|_| ()) });
        wait_for_queue(&lane, Class::Call, 1).await;
        lane.close(Fault::Died { how: "it trapped".into() });
        drop(held);
        assert_eq!(task.await.unwrap().unwrap_err().to_string(), "it is not running: it trapped");
        assert!(lane.try_enter("later").is_none());
    }

    #[tokio::test]
    async fn who_is_being_ended_is_entered_for_that_alone() {
        let lane = Lane::new(Box::new(0_u8));
        let token = CancellationToken::new();
        lane.end(Fault::NotRunning { why: "it was stopped".into() });
        assert!(lane.try_enter("event").is_none());
        assert!(lane.enter(Class::Hook, "hook", soon(), &token).await.is_err());
        let held = lane.enter(Class::Control, "stop", soon(), &token).await.unwrap();
        lane.leave(held);
        assert!(lane.enter(Class::Call, "tool", soon(), &token).await.is_err());
    }

    #[tokio::test]
    async fn a_full_queue_says_busy() {
        let lane = Arc::new(Lane::new(Box::new(0_u8)));
        let _held = lane.try_enter("first").unwrap();
        let token = CancellationToken::new();
        let tasks: Vec<_> = (0..32)
            .map(|_| {
                let (lane, token) = (lane.clone(), token.clone());
                tokio::spawn(async move { lane.enter(Class::Hook, "hook", soon(), &token).await.map(|_| ()) })
            })
            .collect();
        wait_for_queue(&lane, Class::Hook, 32).await;
        let refused = lane.enter(Class::Hook, "one more", soon(), &token).await.map(|_| ());
        assert!(matches!(refused, Err(Fault::Busy { waiting: 32 })), "{refused:?}");
        token.cancel();
        for task in tasks {
            assert!(matches!(task.await.unwrap(), Err(Fault::Cancelled)));
        }
    }
}
