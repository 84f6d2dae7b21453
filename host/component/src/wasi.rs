//! WASI for guests: no files, no network, no environment, no arguments, no input but what was granted. Clocks and
//! random numbers are always there; standard output and error go to the extension's log.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxBuilder};
use wasmtime_wasi_http::{Error as HttpError, RequestOptions, WasiBody, WasiHttpHooks};
use wharf_extensions::inbound::{Inbound, LogSource};
use wharf_extensions::permission::Grants;

/// Random bytes that one call may ask for.
const RANDOM: u64 = 64 << 10;
/// Longest line of standard output that is kept together in the log, in bytes.
const LINE: usize = 4 << 10;

/// The WASI context of one instance.
pub(crate) fn context(grants: &Grants, inbound: &Inbound) -> wasmtime::Result<WasiCtx> {
    let mut builder = WasiCtxBuilder::new();
    builder
        .stdout(LogStream::new(inbound.clone(), LogSource::Stdout))
        .stderr(LogStream::new(inbound.clone(), LogSource::Stderr))
        .max_random_size(RANDOM);
    for grant in &grants.directories {
        let perms = if grant.write { FsPerms::ReadWrite } else { FsPerms::ReadOnly };
        builder.preopened_dir(&grant.host, &grant.guest, perms)?;
    }
    Ok(builder.build())
}

/// Answers every outgoing HTTP request of a guest with "denied", and says so in its log: what a guest's language makes
/// of the answer often names no reason.
pub(crate) struct DenyHttp {
    pub(crate) inbound: Inbound,
}

type HttpExchange =
    Result<(http::Response<WasiBody>, Box<dyn Future<Output = Result<(), HttpError>> + Send>), HttpError>;

impl WasiHttpHooks for DenyHttp {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        _options: Option<RequestOptions>,
        _body: Box<dyn Future<Output = Result<(), HttpError>> + Send>,
    ) -> Box<dyn Future<Output = HttpExchange> + Send> {
        // The host alone: secrets may stand in the rest.
        let place = request.uri().host().unwrap_or("no host");
        let text = format!("denied: an HTTP request to {place}; components have no network");
        self.inbound.log(LogSource::Host, &text);
        Box::new(std::future::ready(Err(HttpError::HttpRequestDenied)))
    }
}

/// A guest's output stream that ends in its log, line by line. Never makes the guest wait.
#[derive(Clone)]
struct LogStream {
    inbound: Inbound,
    source: LogSource,
    line: Arc<Mutex<Vec<u8>>>,
}

impl LogStream {
    fn new(inbound: Inbound, source: LogSource) -> Self {
        Self { inbound, source, line: Arc::default() }
    }

    fn take(&self, bytes: &[u8]) {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        for byte in bytes {
            if *byte == b'\n' || line.len() >= LINE {
                self.inbound.log(self.source, &String::from_utf8_lossy(&line));
                line.clear();
            }
            if *byte != b'\n' {
                line.push(*byte);
            }
        }
    }
}

impl IsTerminal for LogStream {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for LogStream {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl AsyncWrite for LogStream {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.take(bytes);
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
impl Pollable for LogStream {
    async fn ready(&mut self) {}
}

#[async_trait::async_trait]
impl OutputStream for LogStream {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.take(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(LINE)
    }
}
