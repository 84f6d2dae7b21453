//! What the host knows of an extension's process: the queue to it, the calls that wait for it, how far its life is.

mod life;
mod questions;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;
use wharf_child::pending::{Ids, Pending};
use wharf_child::writer::Outbox;
use wharf_extensions::error::Fault;
use wharf_extensions::inbound::{Inbound, LogSource};
use wharf_extensions::limits::SubprocessLimits;
use wharf_protocol::codec::encode_line;
use wharf_protocol::error::EncodeError;
use wharf_protocol::event::Topic;
use wharf_protocol::frame::{CommandResponse, EventFrame, InterceptResponse, ToExtension, ToolResult};
use wharf_protocol::registration::Registration;

use life::Life;
use questions::Asked;

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
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
