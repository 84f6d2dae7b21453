//! What a guest writes to standard output and error: lines for its log, so many bytes in one call.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};
use wharf_extensions::inbound::{Inbound, LogSource};
use wharf_extensions::limits;

/// Longest line that is kept together in the log, in bytes.
const LINE: usize = 4 << 10;

/// Both streams of one instance.
pub(crate) struct Output {
    inbound: Inbound,
    /// What one call may write.
    limit: limits::Bytes,
    /// Whether this call has written anything: most do not, and then its end costs nothing.
    touched: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    written: usize,
    dropped: usize,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl Output {
    pub(crate) fn new(inbound: Inbound, limit: limits::Bytes) -> Arc<Self> {
        Arc::new(Self { inbound, limit, touched: AtomicBool::new(false), state: Mutex::default() })
    }

    /// One of the two, for WASI.
    pub(crate) fn stream(self: &Arc<Self>, source: LogSource) -> Stream {
        Stream { output: self.clone(), source }
    }

    /// The call is over: what is left of a line goes into the log, and how much was dropped.
    pub(crate) fn end_call(&self) {
        if !self.touched.swap(false, Ordering::AcqRel) {
            return;
        }
        // No memory is kept between calls.
        let state = std::mem::take(&mut *self.lock());
        for (source, line) in [(LogSource::Stdout, &state.stdout), (LogSource::Stderr, &state.stderr)] {
            if !line.is_empty() {
                self.inbound.log(source, &String::from_utf8_lossy(line));
            }
        }
        if state.dropped > 0 {
            let text = format!(
                "{} bytes of what it wrote to its standard output and error were dropped: one call may write {}",
                state.dropped, self.limit
            );
            self.inbound.log(LogSource::Host, &text);
        }
    }

    fn write(&self, source: LogSource, bytes: &[u8]) {
        self.touched.store(true, Ordering::Release);
        let mut state = self.lock();
        let left = self.limit.count().saturating_sub(state.written);
        let (taken, dropped) = bytes.split_at(bytes.len().min(left));
        state.written += taken.len();
        state.dropped = state.dropped.saturating_add(dropped.len());
        let line = if source == LogSource::Stdout { &mut state.stdout } else { &mut state.stderr };
        for byte in taken {
            if *byte == b'\n' || line.len() >= LINE {
                self.inbound.log(source, &String::from_utf8_lossy(line));
                line.clear();
            }
            if *byte != b'\n' {
                line.push(*byte);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One stream. Never makes the guest wait.
#[derive(Clone)]
pub(crate) struct Stream {
    output: Arc<Output>,
    source: LogSource,
}

impl IsTerminal for Stream {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Stream {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.output.write(self.source, bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[async_trait::async_trait]
impl Pollable for Stream {
    async fn ready(&mut self) {}
}

#[async_trait::async_trait]
impl OutputStream for Stream {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.output.write(self.source, &bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(LINE)
    }
}
