//! The extensions' logs: `logs/ext-NAME.log`, what `wharf ext logs` reads. Whoever logs never waits.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use wharf_protocol::id::ExtensionId;
use wharf_protocol::text::harmless_line;

use crate::inbound::LogSource;
use crate::limits::LogLimits;

/// Lines that may wait to be written; what comes while it is full is dropped and counted.
const QUEUE: usize = 4096;

/// The file of an extension's log.
#[must_use]
pub fn file(directory: &Path, extension: &ExtensionId) -> PathBuf {
    directory.join(format!("ext-{extension}.log"))
}

/// Writes the logs from a thread of its own, which starts with the first line.
pub struct Journal {
    directory: PathBuf,
    limits: LogLimits,
    writer: Mutex<Option<Writer>>,
    dropped: AtomicU64,
}

struct Writer {
    lines: SyncSender<Line>,
    thread: JoinHandle<()>,
}

struct Line {
    extension: ExtensionId,
    text: String,
}

impl Journal {
    /// Logs go into files of this directory, which is made when needed.
    #[must_use]
    pub fn new(directory: PathBuf, limits: LogLimits) -> Self {
        Self { directory, limits, writer: Mutex::new(None), dropped: AtomicU64::new(0) }
    }

    /// Where the logs are.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Adds a line, with the time and its source in front. Control characters are made visible.
    pub fn write(&self, extension: &ExtensionId, source: LogSource, text: &str) {
        let time = jiff::Timestamp::now();
        let source = match source {
            LogSource::Host => "wharf",
            LogSource::Guest(level) => level.as_str(),
            LogSource::Stdout => "stdout",
            LogSource::Stderr => "stderr",
        };
        let text = format!("{time:.3} {source}: {}\n", harmless_line(text, self.limits.message.count()));
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let line = Line { extension: extension.clone(), text };
        if writer.is_none() {
            *writer = start(self.directory.clone(), self.limits.file.wide());
        }
        let sent = writer.as_ref().is_some_and(|writer| writer.lines.try_send(line).is_ok());
        if !sent {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many lines were lost because they came faster than they could be written.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Waits until everything is written. Blocks: not for a runtime's thread.
    pub fn close(&self) {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Writer { lines, thread }) = writer {
            drop(lines);
            // The thread only ends by the sender's end; a panic in it has been reported already.
            _ = thread.join();
        }
    }
}

fn start(directory: PathBuf, limit: u64) -> Option<Writer> {
    let (lines, receiver) = sync_channel(QUEUE);
    let thread = std::thread::Builder::new()
        .name("wharf-journal".into())
        .spawn(move || write_all(&directory, limit, &receiver))
        .ok()?;
    Some(Writer { lines, thread })
}

fn write_all(directory: &Path, limit: u64, lines: &Receiver<Line>) {
    let mut logs: HashMap<ExtensionId, Log> = HashMap::new();
    loop {
        match lines.recv_timeout(Duration::from_secs(60)) {
            Ok(line) => {
                let log = logs.entry(line.extension.clone());
                let log = log.or_insert_with(|| Log::open(file(directory, &line.extension)));
                log.write(&line.text, limit);
            }
            // Closes files that are not in use, so that they can be moved away.
            Err(RecvTimeoutError::Timeout) => logs.clear(),
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// The log of one extension. What cannot be written is given up: a log must not take its extension with it.
struct Log {
    path: PathBuf,
    file: Option<File>,
    size: u64,
}

impl Log {
    fn open(path: PathBuf) -> Self {
        let directory = path.parent().map(std::fs::create_dir_all);
        // Opening a pipe would wait for somebody to read.
        if std::fs::metadata(&path).is_ok_and(|data| !data.is_file()) {
            return Self { path, file: None, size: 0 };
        }
        let file = OpenOptions::new().create(true).append(true).open(&path).ok();
        let file = file.filter(|_| matches!(directory, Some(Ok(()))));
        let size = file.as_ref().and_then(|file| file.metadata().ok()).map_or(0, |data| data.len());
        Self { path, file, size }
    }

    fn write(&mut self, text: &str, limit: u64) {
        if self.size > 0 && self.size + text.len() as u64 > limit {
            let aside = self.path.with_extension("log.1");
            // Another process may have set it aside already.
            _ = std::fs::rename(&self.path, aside);
            *self = Self::open(std::mem::take(&mut self.path));
        }
        if let Some(file) = &mut self.file
            && file.write_all(text.as_bytes()).is_ok()
        {
            self.size += text.len() as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Bytes;

    #[test]
    fn lines_reach_the_file_without_control_characters() {
        let home = tempfile::tempdir().unwrap();
        let journal = Journal::new(home.path().join("logs"), LogLimits::STANDARD);
        let id = ExtensionId::new("x").unwrap();
        journal.write(&id, LogSource::Stderr, "red \x1b[31m text\nnext \u{202e}");
        journal.close();
        let text = std::fs::read_to_string(file(journal.directory(), &id)).unwrap();
        assert!(text.ends_with(" stderr: red \\u{1b}[31m text\\u{a}next \\u{202e}\n"), "{text}");
    }

    #[test]
    fn nothing_is_created_before_something_is_logged() {
        let home = tempfile::tempdir().unwrap();
        Journal::new(home.path().join("logs"), LogLimits::STANDARD).close();
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_full_log_is_set_aside_and_only_one_is_kept() {
        let home = tempfile::tempdir().unwrap();
        let limits = LogLimits { file: Bytes::new(200), ..LogLimits::STANDARD };
        let journal = Journal::new(home.path().join("logs"), limits);
        let id = ExtensionId::new("x.y").unwrap();
        for number in 0..20 {
            journal.write(&id, LogSource::Host, &format!("line {number}"));
        }
        journal.close();
        let log = file(journal.directory(), &id);
        let text = std::fs::read_to_string(&log).unwrap();
        assert!(text.ends_with("line 19\n") && text.len() <= 200, "{text}");
        let before = std::fs::read_to_string(log.with_file_name("ext-x.y.log.1")).unwrap();
        assert!(before.len() <= 200 && !before.contains("line 19"), "{before}");
        assert_eq!(std::fs::read_dir(journal.directory()).unwrap().count(), 2);
    }
}
