//! The output of a command: its start in memory, all of it in a file once it is too long to show.

use std::path::PathBuf;

use tokio::io::AsyncWriteExt;
use wharf_ports::tool::Progress;

use crate::{MAX_BYTES, MAX_LINES};

/// Longest output that a file keeps, in bytes.
const MAX_FILE: usize = 64 * 1024 * 1024;
/// Longest piece of progress, in bytes.
const MAX_PIECE: usize = 4096;

/// Collects output.
pub(super) struct Capture<'a> {
    progress: &'a dyn Progress,
    /// Bytes at the end of what was read that are no whole character yet.
    torn: Vec<u8>,
    /// The start of the output.
    head: Vec<u8>,
    newlines: usize,
    spill: Spill,
    notes: Vec<String>,
}

enum Spill {
    /// Everything fits into the head.
    Unneeded,
    Open {
        file: tokio::fs::File,
        path: PathBuf,
        bytes: usize,
    },
    Failed,
}

/// What was collected.
pub(super) struct Captured {
    /// The start of the output, as much as is shown.
    pub(super) text: String,
    /// What is to be said about it.
    pub(super) notes: Vec<String>,
    /// Where all of it is, if it is not all shown.
    pub(super) file: Option<String>,
}

impl<'a> Capture<'a> {
    pub(super) fn new(progress: &'a dyn Progress) -> Self {
        Self {
            progress,
            torn: Vec::new(),
            head: Vec::new(),
            newlines: 0,
            spill: Spill::Unneeded,
            notes: Vec::new(),
        }
    }

    /// Adds what was read.
    pub(super) async fn push(&mut self, bytes: &[u8]) {
        self.show(bytes);
        self.newlines += bytes.iter().filter(|byte| **byte == b'\n').count();
        let too_long = self.head.len() + bytes.len() > MAX_BYTES || self.newlines > MAX_LINES;
        if too_long && matches!(self.spill, Spill::Unneeded) {
            self.open_spill().await;
        }
        // The head is complete before the first byte goes past it.
        let room = MAX_BYTES.saturating_sub(self.head.len());
        self.head.extend_from_slice(bytes.get(..room.min(bytes.len())).unwrap_or_default());
        self.write_spill(bytes).await;
    }

    /// Adds a remark.
    pub(super) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    pub(super) async fn finish(mut self) -> Captured {
        let torn = std::mem::take(&mut self.torn);
        self.say(&torn);
        let mut shown = self.head.as_slice();
        if !matches!(self.spill, Spill::Unneeded) {
            let ends = shown.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
            let (end, limit) = match ends.take(MAX_LINES).enumerate().last() {
                Some((last, end)) if last + 1 == MAX_LINES => (end, format!("{MAX_LINES} lines")),
                _ => (shown.len() - torn_tail(shown), format!("{MAX_BYTES} bytes")),
            };
            shown = shown.get(..end).unwrap_or_default();
            self.notes.insert(0, format!("truncated at {limit}"));
        }
        let text = String::from_utf8_lossy(shown).into_owned();
        let file = self.close_spill().await;
        Captured { text, notes: self.notes, file }
    }

    /// Shows output as it comes, in whole characters.
    fn show(&mut self, bytes: &[u8]) {
        self.torn.extend_from_slice(bytes);
        let whole = self.torn.len() - torn_tail(&self.torn);
        let rest = self.torn.split_off(whole);
        let whole = std::mem::replace(&mut self.torn, rest);
        self.say(&whole);
    }

    fn say(&self, bytes: &[u8]) {
        // A byte that is no character becomes three.
        let text = String::from_utf8_lossy(bytes);
        let mut rest = text.as_ref();
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(rest.floor_char_boundary(MAX_PIECE));
            self.progress.output(piece);
            rest = after;
        }
    }

    async fn open_spill(&mut self) {
        let opened = tokio::task::spawn_blocking(|| {
            let file = tempfile::Builder::new().prefix("wharf-bash-").suffix(".log").tempfile()?;
            file.keep().map_err(std::io::Error::from)
        });
        match opened.await.map_err(std::io::Error::from).and_then(|opened| opened) {
            Ok((file, path)) => {
                self.spill = Spill::Open { file: tokio::fs::File::from_std(file), path, bytes: 0 };
                let head = std::mem::take(&mut self.head);
                self.write_spill(&head).await;
                self.head = head;
            }
            Err(error) => self.give_up_spill(&error),
        }
    }

    async fn write_spill(&mut self, bytes: &[u8]) {
        let Spill::Open { file, bytes: written, .. } = &mut self.spill else { return };
        let piece = bytes.get(..bytes.len().min(MAX_FILE - *written)).unwrap_or_default();
        *written += piece.len();
        if let Err(error) = file.write_all(piece).await {
            self.give_up_spill(&error);
        }
    }

    async fn close_spill(&mut self) -> Option<String> {
        let Spill::Open { file, path, bytes } = &mut self.spill else { return None };
        let words = if *bytes < MAX_FILE { "full output" } else { "first 64 MiB of the output" };
        let named = format!("{words}: {}", path.display());
        match file.flush().await {
            Ok(()) => Some(named),
            Err(error) => {
                self.give_up_spill(&error);
                None
            }
        }
    }

    fn give_up_spill(&mut self, error: &std::io::Error) {
        self.spill = Spill::Failed;
        self.notes.push(format!("the full output could not be kept: {error}"));
    }
}

/// How many bytes at the end are the beginning of a character.
fn torn_tail(bytes: &[u8]) -> usize {
    match bytes.utf8_chunks().last() {
        // Only a chunk at the very end can lack bytes; a lone wrong byte in the middle never will have them.
        Some(chunk) => match std::str::from_utf8(chunk.invalid()) {
            Err(error) if error.error_len().is_none() => chunk.invalid().len(),
            Ok(_) | Err(_) => 0,
        },
        None => 0,
    }
}
