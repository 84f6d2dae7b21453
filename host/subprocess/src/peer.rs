//! What the host knows of an extension's process: the queue to it, the calls that wait for it, how far its life is.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use wharf_child::pending::{Ids, Pending};
use wharf_child::writer::Outbox;
use wharf_extensions::backend::{Asking, ExtCall};
use wharf_extensions::error::{Fault, Stage};
use wharf_extensions::inbound::{Inbound, LogSource};
use wharf_extensions::limits::SubprocessLimits;
use wharf_protocol::codec::encode_line;
use wharf_protocol::error::EncodeError;
use wharf_protocol::event::Topic;
use wharf_protocol::frame::{CommandResponse, EventFrame, InterceptResponse, ToExtension, ToolResult};
use wharf_protocol::registration::Registration;

use crate::enrolment;

pub(crate) struct Peer {
    pub(crate) inbound: Inbound,
    pub(crate) outbox: Outbox,
    pub(crate) limits: SubprocessLimits,
    pub(crate) ids: Ids,
    /// Ids are kept apart by kind: an answer of another kind is no answer.
    pub(crate) tools: Pending<ToolResult, Fault>,
    pub(crate) commands: Pending<CommandResponse, Fault>,
    pub(crate) hooks: Pending<InterceptResponse, Fault>,
    /// What is known of the questions that wait, for requests that belong to them.
    calls: Mutex<HashMap<String, Asked>>,
    version: AtomicU32,
    /// Requests that wait for their replies.
    requests: AtomicUsize,
    /// Frames received after the hello.
    pub(crate) frames: AtomicU64,
    /// Fires when it said that it is ready, and when it is dead.
    pub(crate) ready: CancellationToken,
    /// Fires when it is dead.
    pub(crate) dead: CancellationToken,
    dropped_events: AtomicU64,
    /// Those of them of which it has not been told yet.
    lagging: AtomicU32,
    last_words: Mutex<String>,
    life: Mutex<Life>,
}

/// A question that waits for its answer.
struct Asked {
    asking: Asking,
    progress: Option<mpsc::Sender<String>>,
}

/// As long as it lives, requests can belong to a question.
pub(crate) struct Listed<'a> {
    peer: &'a Peer,
    id: String,
}

impl Drop for Listed<'_> {
    fn drop(&mut self) {
        if let Some(asked) = lock(&self.peer.calls).remove(&self.id) {
            // Its dialogs end with it.
            asked.asking.cancel.cancel();
        }
    }
}

enum Life {
    Starting(Registration),
    Running,
    Stopping,
    Dead(Fault),
}

impl Peer {
    pub(crate) fn new(inbound: Inbound, outbox: Outbox, limits: SubprocessLimits) -> Self {
        Self {
            inbound,
            outbox,
            limits,
            ids: Ids::default(),
            tools: Pending::new(limits.pending),
            commands: Pending::new(limits.pending),
            hooks: Pending::new(limits.pending),
            calls: Mutex::default(),
            version: AtomicU32::new(1),
            requests: AtomicUsize::new(0),
            frames: AtomicU64::new(0),
            ready: CancellationToken::new(),
            dead: CancellationToken::new(),
            dropped_events: AtomicU64::new(0),
            lagging: AtomicU32::new(0),
            last_words: Mutex::default(),
            life: Mutex::new(Life::Starting(Registration::new())),
        }
    }

    /// The version of the protocol that was agreed upon.
    pub(crate) fn version(&self) -> u32 {
        self.version.load(Ordering::Relaxed)
    }

    pub(crate) fn speaks(&self, version: u32) {
        self.version.store(version, Ordering::Relaxed);
    }

    /// Lets requests belong to a question. Version 1 has none.
    pub(crate) fn list(&self, id: &str, cx: &ExtCall) -> Option<Listed<'_>> {
        if self.version() < 2 {
            return None;
        }
        let asked = Asked { asking: cx.asking(), progress: cx.progress.clone() };
        lock(&self.calls).insert(id.to_owned(), asked);
        Some(Listed { peer: self, id: id.to_owned() })
    }

    /// One more request waits for its reply. False: too many do.
    pub(crate) fn begin_request(&self) -> bool {
        let begun = self.requests.fetch_add(1, Ordering::Relaxed) < self.limits.pending;
        if !begun {
            self.end_request();
        }
        begun
    }

    /// A request has its reply.
    pub(crate) fn end_request(&self) {
        self.requests.fetch_sub(1, Ordering::Relaxed);
    }

    /// The question that a request belongs to.
    pub(crate) fn asking(&self, id: &str) -> Option<Asking> {
        lock(&self.calls).get(id).map(|asked| asked.asking.clone())
    }

    /// Hands on what a tool puts out while it runs. False: nobody waits for this call.
    pub(crate) fn progress(&self, id: &str, text: &str) -> bool {
        let calls = lock(&self.calls);
        let Some(asked) = calls.get(id) else { return false };
        ExtCall::put_out(asked.progress.as_ref(), text);
        true
    }

    pub(crate) fn log(&self, text: &str) {
        self.inbound.log(LogSource::Host, text);
    }

    /// A frame as a line that it may be sent.
    pub(crate) fn encode(&self, frame: &ToExtension) -> Result<Vec<u8>, EncodeError> {
        let (line, limit) = (encode_line(frame)?, self.limits.line.count());
        if line.len() > limit {
            return Err(EncodeError::TooLong { bytes: line.len(), limit });
        }
        Ok(line)
    }

    /// Until it is ready a registration is collected, then it is handed on.
    pub(crate) fn register(&self, more: Registration) {
        if let Life::Starting(all) = &mut *lock(&self.life) {
            return enrolment::merge(all, more);
        }
        self.inbound.register(more);
    }

    /// From now on it is running. What it has registered, or why it is dead already.
    pub(crate) fn dock(&self) -> Result<Registration, Fault> {
        let mut life = lock(&self.life);
        match std::mem::replace(&mut *life, Life::Running) {
            Life::Starting(all) => Ok(all),
            Life::Running => Ok(Registration::new()),
            Life::Stopping => {
                *life = Life::Stopping;
                Err(stopped())
            }
            Life::Dead(fault) => {
                *life = Life::Dead(fault.clone());
                Err(fault)
            }
        }
    }

    /// Its end has begun; who waits is told at once. False: it is dead already, there is nothing to end politely.
    pub(crate) fn stopping(&self) -> bool {
        let mut life = lock(&self.life);
        let alive = !matches!(*life, Life::Dead(_));
        if alive {
            *life = Life::Stopping;
        }
        drop(life);
        // What waits may have been begun: it is not to be asked of anybody else.
        let begun = Fault::Died { how: "it was stopped in the middle of the call".to_owned() };
        self.tools.close(&begun, &stopped());
        self.commands.close(&begun, &stopped());
        self.hooks.close(&begun, &stopped());
        alive
    }

    /// It has ended on its own: who waits is told at once, and so is the host if it was running.
    pub(crate) fn died(&self, fault: Fault) {
        let mut life = lock(&self.life);
        let was_running = matches!(*life, Life::Running);
        if !matches!(*life, Life::Stopping) {
            *life = Life::Dead(fault.clone());
        }
        drop(life);
        let in_a_call = !(self.tools.is_empty() && self.commands.is_empty() && self.hooks.is_empty());
        self.fail_all(&fault);
        self.outbox.close(None);
        self.dead.cancel();
        self.ready.cancel();
        if was_running {
            let stage = if in_a_call { Stage::Call } else { Stage::Running };
            self.inbound.lost(fault.at(self.inbound.extension(), stage));
        }
    }

    /// Why it is dead.
    pub(crate) fn cause(&self) -> Option<Fault> {
        match &*lock(&self.life) {
            Life::Dead(fault) => Some(fault.clone()),
            Life::Starting(_) | Life::Running | Life::Stopping => None,
        }
    }

    /// Tells how many events were dropped before the next one. Whether that one may follow. Version 1 is not told.
    pub(crate) fn tell_dropped(&self) -> bool {
        let dropped = self.lagging.swap(0, Ordering::Relaxed);
        if dropped == 0 || self.version() < 2 {
            return true;
        }
        let lagged =
            EventFrame { dropped, event: Topic::Lagged.as_str().to_owned(), ..EventFrame::default() };
        let line = self.encode(&ToExtension::Event(lagged));
        let told = line.is_ok_and(|line| self.outbox.post(line).is_ok());
        if !told {
            self.lagging.fetch_add(dropped, Ordering::Relaxed);
        }
        told
    }

    /// Counts an event that did not fit; the log is told ever more seldom.
    pub(crate) fn drop_event(&self, topic: &str) {
        self.lagging.fetch_add(1, Ordering::Relaxed);
        let count = self.dropped_events.fetch_add(1, Ordering::Relaxed) + 1;
        if count.is_power_of_two() {
            self.log(&format!(
                "event {topic} dropped: it does not read its standard input ({count} dropped so far)"
            ));
        }
    }

    /// Keeps a line of standard error for the report of its end.
    pub(crate) fn keep_last_words(&self, line: &str) {
        if !line.trim().is_empty() {
            line.trim().clone_into(&mut lock(&self.last_words));
        }
    }

    pub(crate) fn last_words(&self) -> Option<String> {
        const SHOWN: usize = 200;
        let line = lock(&self.last_words);
        (!line.is_empty()).then(|| line.chars().take(SHOWN).collect())
    }

    fn fail_all(&self, fault: &Fault) {
        self.tools.fail_all(fault);
        self.commands.fail_all(fault);
        self.hooks.fail_all(fault);
    }
}

fn stopped() -> Fault {
    Fault::NotRunning { why: "it was stopped".to_owned() }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
