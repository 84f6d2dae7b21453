//! Who waits, and whose turn it is.

use std::collections::VecDeque;

use tokio::sync::oneshot;

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
    pub(super) fn capacity(self) -> usize {
        match self {
            Self::Control => 8,
            Self::Hook | Self::Call => 32,
            Self::Event => 256,
        }
    }
}

/// So many calls go before an event that waits; then it gets its turn.
const CALLS_BEFORE_EVENT: u32 = 8;

/// Those who wait, by class.
pub(super) struct Queue<T> {
    waiting: [VecDeque<oneshot::Sender<Box<T>>>; 4],
    calls_since_event: u32,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self { waiting: Default::default(), calls_since_event: 0 }
    }
}

impl<T> Queue<T> {
    /// Those of one class.
    pub(super) fn of(&mut self, class: Class) -> &mut VecDeque<oneshot::Sender<Box<T>>> {
        let [control, hooks, calls, events] = &mut self.waiting;
        match class {
            Class::Control => control,
            Class::Hook => hooks,
            Class::Call => calls,
            Class::Event => events,
        }
    }

    /// Whose turn it is.
    pub(super) fn next(&mut self) -> Option<oneshot::Sender<Box<T>>> {
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

    /// Nobody waits any more, and all are told so.
    pub(super) fn clear(&mut self) {
        self.waiting.iter_mut().for_each(VecDeque::clear);
    }
}
