//! One page of a text file. Memory: one page and one buffer, however long the file and its lines are.

use std::io::{self, BufRead, BufReader, Read};

use tokio_util::sync::CancellationToken;

use crate::{MAX_BYTES, MAX_LINES};

/// How much of a file is looked at to tell whether it is text.
const PROBE: usize = 8 * 1024;
/// Bytes read at once.
const BUFFER: usize = 64 * 1024;

/// Reads lines from `offset` (counted from 1), at most `limit`. The error is for the model.
pub(super) fn read(
    path: &str,
    file: impl Read,
    offset: Option<u64>,
    limit: Option<u64>,
    cancel: &CancellationToken,
) -> Result<String, String> {
    let say = |error: io::Error| format!("{path}: {error}");
    let mut reader = BufReader::with_capacity(BUFFER, file);
    let start = reader.fill_buf().map_err(say)?;
    if start.is_empty() {
        return Ok("(the file is empty)".to_owned());
    }
    if start.iter().take(PROBE).any(|byte| *byte == 0) {
        return Err(format!("{path} looks binary; refusing to read as text"));
    }
    let offset = offset.unwrap_or(1).max(1);
    match skip_lines(&mut reader, offset - 1, cancel).map_err(say)? {
        Skipped::Enough => {}
        Skipped::End { lines } => {
            return Err(format!("offset {offset} is past the end: {path} has {lines} lines"));
        }
        Skipped::Cancelled => return Err("aborted".to_owned()),
    }
    let page = Page::take(&mut reader, offset, limit).map_err(say)?;
    Ok(page.into_text())
}

enum Skipped {
    Enough,
    End { lines: u64 },
    Cancelled,
}

fn skip_lines(reader: &mut impl BufRead, count: u64, cancel: &CancellationToken) -> io::Result<Skipped> {
    let mut skipped = 0;
    let mut in_line = false;
    while skipped < count {
        if cancel.is_cancelled() {
            return Ok(Skipped::Cancelled);
        }
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(Skipped::End { lines: skipped + u64::from(in_line) });
        }
        let newline = buffer.iter().position(|byte| *byte == b'\n');
        let used = newline.map_or(buffer.len(), |at| at + 1);
        in_line = newline.is_none();
        skipped += u64::from(!in_line);
        reader.consume(used);
    }
    let at_end = reader.fill_buf()?.is_empty();
    Ok(if at_end && count > 0 { Skipped::End { lines: skipped } } else { Skipped::Enough })
}

/// What was read, and where to go on.
struct Page {
    bytes: Vec<u8>,
    notice: Option<String>,
}

impl Page {
    fn take(reader: &mut impl BufRead, offset: u64, limit: Option<u64>) -> io::Result<Self> {
        let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
        let mut bytes = Vec::new();
        let mut line = Vec::new();
        let mut lines = 0;
        while lines < limit.min(MAX_LINES) {
            let room = MAX_BYTES.saturating_sub(bytes.len());
            line.clear();
            reader.by_ref().take(room as u64 + 1).read_until(b'\n', &mut line)?;
            let next = offset + lines as u64;
            if line.len() > room && bytes.is_empty() {
                let next = next + 1;
                let notice = format!(
                    "... [truncated at {MAX_BYTES} bytes] the line is longer than that; the next line is offset={next}"
                );
                return Ok(Self { bytes: cut_at(&line, room).to_vec(), notice: Some(notice) });
            }
            if line.len() > room {
                let notice = format!("... [truncated at {MAX_BYTES} bytes] continue with offset={next}");
                return Ok(Self { bytes, notice: Some(notice) });
            }
            if line.is_empty() {
                return Ok(Self { bytes, notice: None });
            }
            bytes.extend_from_slice(&line);
            lines += 1;
        }
        let more = limit > MAX_LINES && !reader.fill_buf()?.is_empty();
        let next = offset + lines as u64;
        let notice = format!("... [truncated at {MAX_LINES} lines] continue with offset={next}");
        Ok(Self { bytes, notice: more.then_some(notice) })
    }

    fn into_text(self) -> String {
        let mut text = String::from_utf8_lossy(&self.bytes).into_owned();
        if let Some(notice) = self.notice {
            if !text.ends_with('\n') {
                text.push('\n');
            }
            text.push_str(&notice);
        }
        text
    }
}

/// The longest start of a text that has at most so many bytes, cut between two characters. Bytes that are no UTF-8
/// count as characters.
fn cut_at(bytes: &[u8], limit: usize) -> &[u8] {
    let Some(next) = bytes.get(limit) else { return bytes };
    let is_continuation = |byte: u8| byte & 0b1100_0000 == 0b1000_0000;
    let mut end = limit;
    if is_continuation(*next) {
        // A character has at most three of these behind its first byte.
        let tail = bytes.get(limit.saturating_sub(3)..limit).unwrap_or_default();
        if let Some(back) = tail.iter().rev().position(|byte| !is_continuation(*byte)) {
            end = limit - back - 1;
        }
    }
    bytes.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_leaves_characters_whole() {
        assert_eq!(cut_at(b"abc", 5), b"abc");
        assert_eq!(cut_at(b"abc", 2), b"ab");
        assert_eq!(cut_at("a€b".as_bytes(), 2), b"a");
        assert_eq!(cut_at("a€b".as_bytes(), 3), b"a");
        assert_eq!(cut_at("a€b".as_bytes(), 4), "a€".as_bytes());
        assert_eq!(cut_at("😀😀".as_bytes(), 7), "😀".as_bytes());
        assert_eq!(cut_at(&[0x80; 9], 5), &[0x80; 5]);
    }
}
