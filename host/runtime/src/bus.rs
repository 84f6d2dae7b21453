//! The events, to every face. A face that reads slowly slows the agent down; one that does not read at all is let go.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;
use tokio::sync::mpsc;
use tokio::time::timeout;
use wharf_ports::event::{AgentEvent, EventSink};

/// Events that a face may have waiting.
const CAPACITY: usize = 1024;
/// Events that are kept for the first face, when something happens before there is one.
const EARLY: usize = 256;
/// How long the agent waits for a face that does not read.
const PATIENCE: Duration = Duration::from_secs(30);

/// The receiving end of a face.
pub struct Events(mpsc::Receiver<AgentEvent>);

impl Events {
    /// The next event; `None` when the agent has ended, or when this face was too slow for 30 s.
    pub async fn next(&mut self) -> Option<AgentEvent> {
        self.0.recv().await
    }

    /// The next event, if it is there already.
    pub fn try_next(&mut self) -> Option<AgentEvent> {
        self.0.try_recv().ok()
    }
}

#[derive(Default)]
pub(crate) struct Bus(Mutex<State>);

#[derive(Default)]
struct State {
    faces: Vec<Face>,
    early: VecDeque<AgentEvent>,
    early_lost: u64,
    had_face: bool,
}

/// The sending end of a face.
#[derive(Clone)]
struct Face {
    sender: mpsc::Sender<AgentEvent>,
    /// Events that did not fit and that nobody waited for.
    lost: Arc<AtomicU64>,
}

impl Face {
    /// Hands an event over if there is room; a face that is gone gives an error.
    fn offer(&self, event: AgentEvent) -> Result<(), ()> {
        if self.sender.capacity() < reserve(&event) {
            self.lost.fetch_add(1, Ordering::Relaxed);
            return Ok(());
        }
        match self.sender.try_send(event) {
            Ok(()) => Ok(()),
            Err(mpsc::error::TrySendError::Full(_)) => {
                self.lost.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
            Err(mpsc::error::TrySendError::Closed(_)) => Err(()),
        }
    }

    /// Tells first what was lost, so that nothing is lost in silence.
    async fn deliver(&self, event: AgentEvent) -> bool {
        let lost = self.lost.swap(0, Ordering::Relaxed);
        let work = async {
            if lost > 0 {
                let message =
                    format!("{lost} events were not shown: they came faster than they could be read");
                self.sender.send(AgentEvent::ExtFailed { extension: None, message }).await?;
            }
            self.sender.send(event).await
        };
        matches!(timeout(PATIENCE, work).await, Ok(Ok(())))
    }
}

/// The room that an event must leave to those that say more: that a dialog is closed, that a guard failed. What the next
/// one of its kind replaces leaves the most.
fn reserve(event: &AgentEvent) -> usize {
    match event {
        AgentEvent::ToolProgress { .. } | AgentEvent::ExtPanel { .. } => CAPACITY / 2,
        AgentEvent::ExtNotify { .. } | AgentEvent::ExtDisplay { .. } | AgentEvent::ExtInsert { .. } => {
            CAPACITY / 4
        }
        _ => 0,
    }
}

impl Bus {
    /// A new face. The first one also gets what happened before.
    pub(crate) fn subscribe(&self) -> Events {
        let (sender, receiver) = mpsc::channel(CAPACITY);
        let mut state = self.lock();
        for event in state.early.drain(..) {
            // There is room: fewer are kept than fit.
            _ = sender.try_send(event);
        }
        state.had_face = true;
        let lost = Arc::new(AtomicU64::new(std::mem::take(&mut state.early_lost)));
        state.faces.push(Face { sender, lost });
        Events(receiver)
    }

    /// The faces of now; or none, and the event is kept for the first one.
    fn faces_for(&self, event: &AgentEvent) -> Vec<Face> {
        let mut state = self.lock();
        if !state.had_face {
            if state.early.len() == EARLY {
                state.early.pop_front();
                state.early_lost += 1;
            }
            state.early.push_back(event.clone());
        }
        state.faces.clone()
    }

    fn drop_face(&self, face: &Face) {
        self.lock().faces.retain(|other| !other.sender.same_channel(&face.sender));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl EventSink for Bus {
    async fn emit(&self, event: AgentEvent) {
        let faces = self.faces_for(&event);
        let delivered = join_all(faces.iter().map(|face| face.deliver(event.clone()))).await;
        for (face, _) in faces.iter().zip(delivered).filter(|(_, delivered)| !delivered) {
            self.drop_face(face);
        }
    }

    fn emit_now(&self, event: AgentEvent) {
        for face in self.faces_for(&event) {
            if face.offer(event.clone()).is_err() {
                self.drop_face(&face);
            }
        }
    }
}
