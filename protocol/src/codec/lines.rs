//! Splits a stream of bytes into lines.

use crate::error::LineError;

/// An idle decoder keeps no more memory than this, in bytes.
const KEPT: usize = 64 * 1024;

/// Takes bytes in chunks of any size and gives lines, without their `\n` or `\r\n`.
///
/// Takes time in proportion to the bytes, however they are cut. Memory: at most two line limits plus one chunk.
#[derive(Debug)]
pub struct LineDecoder {
    buffer: Vec<u8>,
    /// Start of the first byte that no line has been made of.
    start: usize,
    /// Up to here the buffer is known to hold no newline.
    searched: usize,
    limit: usize,
}

impl LineDecoder {
    /// Lines of at most `limit` bytes, newline included.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { buffer: Vec::new(), start: 0, searched: 0, limit }
    }

    /// Adds bytes that were read.
    pub fn push(&mut self, bytes: &[u8]) {
        self.make_room();
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole line, or nothing until more bytes come.
    ///
    /// # Errors
    /// [`LineError::TooLong`]: the decoder must not be used further.
    pub fn next_line(&mut self) -> Result<Option<&[u8]>, LineError> {
        let too_long = LineError::TooLong { limit: self.limit };
        let unsearched = self.buffer.get(self.searched..).unwrap_or_default();
        let Some(offset) = unsearched.iter().position(|byte| *byte == b'\n') else {
            self.searched = self.buffer.len();
            return if self.pending() >= self.limit { Err(too_long) } else { Ok(None) };
        };
        let (from, end) = (self.start, self.searched + offset);
        if end + 1 - from > self.limit {
            return Err(too_long);
        }
        (self.start, self.searched) = (end + 1, end + 1);
        let line = self.buffer.get(from..end).unwrap_or_default();
        Ok(Some(line.strip_suffix(b"\r").unwrap_or(line)))
    }

    /// To be called at the end of the stream.
    ///
    /// # Errors
    /// [`LineError::Torn`] when the stream ended inside a line.
    pub fn finish(&self) -> Result<(), LineError> {
        match self.pending() {
            0 => Ok(()),
            bytes => Err(LineError::Torn { bytes }),
        }
    }

    /// Drops the bytes of earlier lines once they are no fewer than those still needed: so each byte is moved at most
    /// once for each byte that was used up.
    fn make_room(&mut self) {
        if self.start == self.buffer.len() {
            self.buffer.clear();
            self.buffer.shrink_to(KEPT);
            (self.start, self.searched) = (0, 0);
        } else if self.start >= self.pending() {
            self.buffer.drain(..self.start);
            self.searched -= self.start;
            self.start = 0;
        }
    }

    fn pending(&self) -> usize {
        self.buffer.len() - self.start
    }
}
