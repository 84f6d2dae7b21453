//! The loop that reads a child's standard error.

use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::pace::Pacer;

/// Bytes asked for at a time.
const CHUNK: usize = 16 * 1024;

/// Reads to the end of the stream and hands on each line, without its newline, bytes that are no UTF-8 replaced. Of a
/// line longer than `limit` bytes the rest is left out, and its length told. `each` must return at once: the child
/// must never wait for a log, only for the pace.
///
/// Control characters are left in: who writes or shows the log takes them out.
pub async fn read_stderr(
    mut stream: impl AsyncRead + Unpin,
    limit: usize,
    mut pacer: Pacer,
    mut each: impl FnMut(&str),
) {
    let mut chunk = vec![0; CHUNK];
    let mut line = Line { kept: Vec::new(), cut: 0, limit };
    loop {
        // An error ends the stream as its end does; the child's standard output tells what became of it.
        let count = match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => break,
            Ok(count) => count,
        };
        let mut lines = 0;
        for piece in chunk.get(..count).unwrap_or_default().split_inclusive(|byte| *byte == b'\n') {
            match piece.strip_suffix(b"\n") {
                Some(end) => {
                    line.add(end);
                    line.give(&mut each);
                    lines += 1;
                }
                None => line.add(piece),
            }
        }
        pacer.count(lines, count);
        pacer.keep().await;
    }
    if !line.kept.is_empty() {
        line.give(&mut each);
    }
}

struct Line {
    kept: Vec<u8>,
    /// Bytes that were left out.
    cut: usize,
    limit: usize,
}

impl Line {
    fn add(&mut self, bytes: &[u8]) {
        let (kept, cut) = bytes.split_at(bytes.len().min(self.limit - self.kept.len()));
        self.kept.extend_from_slice(kept);
        self.cut += cut.len();
    }

    fn give(&mut self, each: &mut impl FnMut(&str)) {
        let line = self.kept.strip_suffix(b"\r").unwrap_or(&self.kept);
        let text = String::from_utf8_lossy(line);
        match self.cut {
            0 => each(&text),
            cut => each(&format!("{text} … ({cut} more bytes)")),
        }
        self.kept.clear();
        self.cut = 0;
    }
}
