//! The loop that reads a child's standard output, line by line.

use std::io;
use std::sync::Arc;

use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::task::consume_budget;
use wharf_protocol::codec::LineDecoder;
use wharf_protocol::error::LineError;

use crate::pace::{Pacer, Worth};

/// Bytes asked for at a time.
const CHUNK: usize = 16 * 1024;

/// How the reading ended. Only [`ReadEnd::Closed`] is an orderly end.
#[derive(Debug, Clone, Error)]
pub enum ReadEnd {
    /// The other side closed the stream, after a whole line.
    #[error("it closed its standard output")]
    Closed,
    /// The stream ended inside a line, or a line was too long.
    #[error(transparent)]
    Line(#[from] LineError),
    /// The stream could not be read.
    #[error("its standard output could not be read: {0}")]
    Failed(#[source] Arc<io::Error>),
}

/// Reads lines of at most `limit` bytes, newline included, and hands each on without its newline, until the stream
/// ends. `each` must return at once, and says what the line was worth; those that nobody asked for keep the pace.
pub async fn read_lines(
    mut stream: impl AsyncRead + Unpin,
    limit: usize,
    mut pacer: Pacer,
    mut each: impl FnMut(&[u8]) -> Worth,
) -> ReadEnd {
    let mut decoder = LineDecoder::new(limit);
    let mut chunk = vec![0; CHUNK];
    loop {
        let bytes = match stream.read(&mut chunk).await {
            Ok(0) => return decoder.finish().map_or_else(ReadEnd::Line, |()| ReadEnd::Closed),
            Ok(count) => chunk.get(..count).unwrap_or_default(),
            Err(error) => return ReadEnd::Failed(Arc::new(error)),
        };
        decoder.push(bytes);
        loop {
            let unasked = match decoder.next_line() {
                Ok(Some(line)) => (each(line) == Worth::Unasked).then_some(line.len()),
                Ok(None) => break,
                Err(error) => return ReadEnd::Line(error),
            };
            if let Some(bytes) = unasked {
                pacer.count(1, bytes);
                pacer.keep().await;
            }
            // A chunk of short lines must not keep the thread.
            consume_budget().await;
        }
    }
}
