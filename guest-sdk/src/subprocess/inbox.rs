//! What the host writes: a thread of its own reads it, so that a reply or a cancellation arrives while the extension is
//! in the middle of a call.

use std::collections::{HashMap, HashSet};
use std::io::{self, Read};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use wharf_protocol::codec::{LineDecoder, MAX_LINE};
use wharf_protocol::error::LineError;
use wharf_protocol::frame::{ReplyFrame, ToExtension};
use wharf_protocol::request::{Reply, RequestError};

/// A reply that has not come by then will not come: a dialog is open for 10 minutes at most.
const PATIENCE: Duration = Duration::from_secs(900);
/// Events that wait for the extension; later ones are dropped.
const EVENTS: usize = 10_000;

type Answer = Result<Reply, RequestError>;

/// What was read and is not dealt with yet.
#[derive(Clone, Default)]
pub(crate) struct Inbox(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    replies: HashMap<String, Sender<Answer>>,
    cancelled: HashSet<String>,
    /// Calls that the host has handed over and that are not answered.
    calls: HashSet<String>,
    events: usize,
    closed: bool,
}

/// What the extension has to deal with.
pub(super) enum Item {
    Frame(Box<ToExtension>),
    /// A line that cannot be read, or events that were dropped; for the log.
    Trouble(String),
    /// Reading has failed: nothing more will come.
    Broken(super::dialogue::Fault),
}

impl Inbox {
    /// A reply to the request with this id can be waited for.
    pub(crate) fn expect(&self, id: String) -> Expected {
        let (sender, receiver) = mpsc::channel();
        let mut state = self.lock();
        if !state.closed {
            state.replies.insert(id.clone(), sender);
        }
        Expected { inbox: self.clone(), id, receiver }
    }

    /// Whether the host has cancelled this call.
    pub(crate) fn is_cancelled(&self, call: &str) -> bool {
        let state = self.lock();
        state.closed || state.cancelled.contains(call)
    }

    /// Whether the host has cancelled this call, which has not begun yet.
    pub(super) fn is_withdrawn(&self, call: &str) -> bool {
        self.lock().cancelled.contains(call)
    }

    /// The call is answered.
    pub(super) fn answered(&self, call: &str) {
        let mut state = self.lock();
        state.calls.remove(call);
        state.cancelled.remove(call);
    }

    /// An event is dealt with.
    pub(super) fn told(&self) {
        let mut state = self.lock();
        state.events = state.events.saturating_sub(1);
    }

    /// Reads until the end of the input. What belongs to a call in progress is dealt with here, the rest is handed on.
    pub(super) fn read(&self, mut input: impl Read, items: &Sender<Item>) {
        let mut decoder = LineDecoder::new(MAX_LINE);
        let ended = self.read_all(&mut input, &mut decoder, items);
        self.lock().closed = true;
        // Who waits for a reply is told that none will come.
        self.lock().replies.clear();
        if let Err(fault) = ended {
            _ = items.send(Item::Broken(fault));
        }
    }

    fn read_all(
        &self,
        input: &mut impl Read,
        decoder: &mut LineDecoder,
        items: &Sender<Item>,
    ) -> Result<(), super::dialogue::Fault> {
        let mut chunk = [0; 8192];
        loop {
            let length = match input.read(&mut chunk) {
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            if length == 0 {
                if let Err(error) = decoder.finish() {
                    _ = items.send(Item::Trouble(error.to_string()));
                }
                return Ok(());
            }
            decoder.push(chunk.get(..length).unwrap_or_default());
            while let Some(line) = next_line(decoder)? {
                let item = match ToExtension::decode(line) {
                    Ok(frame) => self.sort(frame),
                    Err(error) => Some(Item::Trouble(error.to_string())),
                };
                if item.is_some_and(|item| items.send(item).is_err()) {
                    // The dialogue is over.
                    return Ok(());
                }
            }
        }
    }

    fn sort(&self, frame: ToExtension) -> Option<Item> {
        let mut state = self.lock();
        match frame {
            ToExtension::Reply(ReplyFrame { id, result }) => {
                if let Some(waiting) = state.replies.remove(&id) {
                    // It may have stopped waiting.
                    _ = waiting.send(result.into());
                }
                return None;
            }
            ToExtension::Cancel(cancel) => {
                if state.calls.contains(&cancel.id) {
                    state.cancelled.insert(cancel.id);
                }
                return None;
            }
            ToExtension::ToolCall(ref call) => _ = state.calls.insert(call.id.clone()),
            ToExtension::CommandInvoked(ref call) => _ = state.calls.insert(call.id.clone()),
            ToExtension::EventIntercept(ref call) => _ = state.calls.insert(call.id.clone()),
            ToExtension::Event(_) if state.events >= EVENTS => {
                return Some(Item::Trouble("an event was dropped: too many are waiting".to_owned()));
            }
            ToExtension::Event(_) => state.events += 1,
            ToExtension::HelloAck(_)
            | ToExtension::PanelKey(_)
            | ToExtension::PanelClose(_)
            | ToExtension::Shutdown => {}
        }
        Some(Item::Frame(Box::new(frame)))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn next_line(decoder: &mut LineDecoder) -> Result<Option<&[u8]>, LineError> {
    decoder.next_line()
}

/// A reply that is waited for.
pub(crate) struct Expected {
    inbox: Inbox,
    id: String,
    receiver: Receiver<Answer>,
}

impl Expected {
    /// Waits for the reply.
    pub(crate) fn wait(self) -> Answer {
        let gone = || RequestError::unavailable("the host has gone");
        self.receiver.recv_timeout(PATIENCE).unwrap_or_else(|_| Err(gone()))
    }
}

impl Drop for Expected {
    fn drop(&mut self) {
        self.inbox.lock().replies.remove(&self.id);
    }
}
