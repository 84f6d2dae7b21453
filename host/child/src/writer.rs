//! The loop that writes to a child's standard input, and the queue that is the only way there.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use thiserror::Error;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{self, Receiver, Sender};

/// How much may wait to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutboxLimits {
    /// Lines of all kinds.
    pub lines: usize,
    /// Bytes of all kinds.
    pub bytes: usize,
    /// Of the lines, those that [`Outbox::post`] leaves to [`Outbox::send`].
    pub reserved_lines: usize,
    /// Of the bytes, those that [`Outbox::post`] leaves to [`Outbox::send`].
    pub reserved_bytes: usize,
}

impl OutboxLimits {
    /// So many lines and bytes; half of the lines and 7/8 of the bytes are for calls.
    #[must_use]
    pub fn new(lines: usize, bytes: usize) -> Self {
        Self { lines, bytes, reserved_lines: lines / 2, reserved_bytes: bytes / 8 * 7 }
    }
}

/// Why a line was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum OutboxError {
    /// Too much waits already.
    #[error("{lines} lines are waiting to be written already")]
    Full {
        /// Lines that wait.
        lines: usize,
    },
    /// It was closed, or a write failed.
    #[error("nothing can be written any more")]
    Closed,
}

/// The queue. Lines are written in the order in which they were put in; putting one in never waits.
#[derive(Debug)]
pub struct Outbox {
    /// None once it is closed.
    letters: Mutex<Option<Sender<Letter>>>,
    bytes: Arc<AtomicUsize>,
    limits: OutboxLimits,
}

/// The other end of the queue, for [`write_lines`].
#[derive(Debug)]
pub struct Letters {
    letters: Receiver<Letter>,
    bytes: Arc<AtomicUsize>,
}

#[derive(Debug)]
struct Letter {
    line: Vec<u8>,
    withdrawn: Arc<AtomicBool>,
}

/// Withdraws its line when it is dropped before the line's turn has come, so that nothing is started for which
/// nobody waits any more.
#[derive(Debug)]
#[must_use = "dropping it withdraws the line"]
pub struct Ticket(Arc<AtomicBool>);

impl Drop for Ticket {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Makes a queue.
#[must_use]
pub fn outbox(limits: OutboxLimits) -> (Outbox, Letters) {
    let (sender, receiver) = mpsc::channel(limits.lines.max(1));
    let bytes = Arc::new(AtomicUsize::new(0));
    let outbox = Outbox { letters: Mutex::new(Some(sender)), bytes: Arc::clone(&bytes), limits };
    (outbox, Letters { letters: receiver, bytes })
}

impl Outbox {
    /// Puts in a line for which somebody waits as long as the ticket lives.
    ///
    /// # Errors
    /// [`OutboxError`]; the line is not written then.
    pub fn send(&self, line: Vec<u8>) -> Result<Ticket, OutboxError> {
        let withdrawn = Arc::new(AtomicBool::new(false));
        self.put(Letter { line, withdrawn: Arc::clone(&withdrawn) }, 0, 0)?;
        Ok(Ticket(withdrawn))
    }

    /// Puts in a line that the other side waits for, as soon refused as one of [`send`](Self::send).
    ///
    /// # Errors
    /// [`OutboxError`]; the line is not written then.
    pub fn answer(&self, line: Vec<u8>) -> Result<(), OutboxError> {
        self.put(Letter::plain(line), 0, 0)
    }

    /// Puts in a line for which nobody waits. It is refused earlier than one of [`send`](Self::send).
    ///
    /// # Errors
    /// [`OutboxError`]; the line is not written then.
    pub fn post(&self, line: Vec<u8>) -> Result<(), OutboxError> {
        self.put(Letter::plain(line), self.limits.reserved_lines, self.limits.reserved_bytes)
    }

    /// Puts in a last line, if there is one, and closes: what is in the queue is written, then the stream is closed.
    /// The last line is left out when the queue is full.
    pub fn close(&self, last: Option<Vec<u8>>) {
        if let Some(line) = last {
            // Full or closed: the other side does not listen, and learns of the end from the closed stream.
            let _ = self.put(Letter::plain(line), 0, 0);
        }
        self.lock().take();
    }

    fn put(&self, letter: Letter, spare_lines: usize, spare_bytes: usize) -> Result<(), OutboxError> {
        let guard = self.lock();
        let sender = guard.as_ref().ok_or(OutboxError::Closed)?;
        let lines = sender.max_capacity() - sender.capacity();
        let length = letter.line.len();
        let bytes = self.bytes.load(Ordering::Relaxed) + length;
        if sender.capacity() <= spare_lines || bytes + spare_bytes > self.limits.bytes {
            return Err(if sender.is_closed() { OutboxError::Closed } else { OutboxError::Full { lines } });
        }
        self.bytes.fetch_add(length, Ordering::Relaxed);
        sender.try_send(letter).map_err(|error| {
            self.bytes.fetch_sub(length, Ordering::Relaxed);
            match error {
                TrySendError::Full(_) => OutboxError::Full { lines },
                TrySendError::Closed(_) => OutboxError::Closed,
            }
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Sender<Letter>>> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Letter {
    fn plain(line: Vec<u8>) -> Self {
        Self { line, withdrawn: Arc::default() }
    }
}

/// How the writing ended.
#[derive(Debug, Clone, Error)]
pub enum WriteEnd {
    /// The queue was closed, everything in it was written, and the stream closed.
    #[error("its standard input was closed")]
    Drained,
    /// A write failed. What was written may end inside a line, so nothing follows it.
    #[error("its standard input could not be written: {0}")]
    Failed(#[source] Arc<io::Error>),
}

/// Writes what is put into the queue until it is closed and empty, or a write fails.
pub async fn write_lines(mut stream: impl AsyncWrite + Unpin, mut letters: Letters) -> WriteEnd {
    while let Some(letter) = letters.letters.recv().await {
        let written = if letter.withdrawn.load(Ordering::Relaxed) {
            Ok(())
        } else {
            write_line(&mut stream, &letter.line).await
        };
        letters.bytes.fetch_sub(letter.line.len(), Ordering::Relaxed);
        if let Err(error) = written {
            return WriteEnd::Failed(Arc::new(error));
        }
    }
    // All is written; a stream that cannot be closed in order is closed by being dropped.
    let _ = stream.shutdown().await;
    WriteEnd::Drained
}

async fn write_line(stream: &mut (impl AsyncWrite + Unpin), line: &[u8]) -> io::Result<()> {
    stream.write_all(line).await?;
    stream.flush().await
}
