//! What was decided: the last decisions in memory, all of them in a file.

use std::collections::VecDeque;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;
use wharf_guest::{Host, LogLevel};

/// Decisions that `/guard` shows.
const SHOWN: usize = 10;
/// Size in bytes at which the file is put aside, over the one put aside before.
const MAX_FILE: u64 = 1024 * 1024;
/// Characters of a command that `/guard` shows.
const MAX_SHOWN: usize = 100;

/// A decision.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Decision<'a> {
    /// The tool call's id.
    pub call: &'a str,
    /// The rule that refused; none: it was let through.
    pub rule: Option<&'a str>,
    /// The command.
    pub command: &'a str,
}

#[derive(Serialize)]
struct Line<'a> {
    /// Seconds since 1970.
    time: u64,
    decision: &'static str,
    #[serde(flatten)]
    details: &'a Decision<'a>,
}

/// The record of decisions.
#[derive(Debug)]
pub struct Audit {
    file: Option<PathBuf>,
    last: VecDeque<String>,
    allowed: u64,
    refused: u64,
    turns: u64,
}

impl Audit {
    /// Writes to `audit.log` in the directory, or to the extension's log where there is none.
    #[must_use]
    pub fn new(data_dir: Option<&str>) -> Self {
        let file = data_dir.map(|dir| PathBuf::from(dir).join("audit.log"));
        Self { file, last: VecDeque::with_capacity(SHOWN), allowed: 0, refused: 0, turns: 0 }
    }

    /// Writes a decision down.
    pub fn record(&mut self, decision: &Decision<'_>, host: &Host) {
        self.remember(decision);
        if let Some((level, message)) = self.written(decision) {
            host.log(level, &message);
        }
    }

    /// Counts a model call that was watched to its end.
    pub fn turn_ended(&mut self) {
        self.turns += 1;
    }

    fn remember(&mut self, decision: &Decision<'_>) {
        if decision.rule.is_some() {
            self.refused += 1
        } else {
            self.allowed += 1
        }
        if self.last.len() == SHOWN {
            self.last.pop_front();
        }
        self.last.push_back(shown(decision));
    }

    /// What to log after the line was written to the file: the line itself where there is none.
    fn written(&self, decision: &Decision<'_>) -> Option<(LogLevel, String)> {
        let line = match line(decision) {
            Ok(line) => line,
            Err(error) => {
                return Some((LogLevel::Error, format!("a decision cannot be written down: {error}")));
            }
        };
        let Some(file) = &self.file else {
            return Some((LogLevel::Info, line));
        };
        let error = append(file, &line).err()?;
        Some((LogLevel::Error, format!("cannot write {}: {error}; {line}", file.display())))
    }

    /// The counts and the last decisions, for the user.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut text = format!(
            "guard: {} allowed, {} refused, {} model calls watched",
            self.allowed, self.refused, self.turns
        );
        for line in &self.last {
            text.push('\n');
            text.push_str(line);
        }
        text
    }
}

fn shown(decision: &Decision<'_>) -> String {
    let command: String =
        decision.command.chars().take(MAX_SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
    match decision.rule {
        Some(rule) => format!("refused ({rule}): {command}"),
        None => format!("allowed: {command}"),
    }
}

fn line(decision: &Decision<'_>) -> Result<String, serde_json::Error> {
    let time = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let word = if decision.rule.is_some() { "refused" } else { "allowed" };
    serde_json::to_string(&Line { time, decision: word, details: decision })
}

fn append(file: &PathBuf, line: &str) -> io::Result<()> {
    if fs::metadata(file).is_ok_and(|metadata| metadata.len() > MAX_FILE) {
        fs::rename(file, file.with_extension("log.1"))?;
    }
    // One write a line, so that a crash leaves whole lines.
    OpenOptions::new().create(true).append(true).open(file)?.write_all(format!("{line}\n").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_counts_all_and_shows_the_last() {
        let mut audit = Audit::new(None);
        for number in 0..12 {
            let command = format!("ls {number}");
            let rule = (number == 11).then_some("sudo");
            audit.remember(&Decision { call: "1", rule, command: &command });
        }
        let summary = audit.summary();
        assert!(
            summary.starts_with("guard: 11 allowed, 1 refused, 0 model calls watched\nallowed: ls 2\n"),
            "{summary}"
        );
        assert!(summary.ends_with("allowed: ls 10\nrefused (sudo): ls 11"), "{summary}");
    }

    #[test]
    fn a_line_tells_what_was_decided() {
        let line = line(&Decision { call: "t1", rule: Some("sudo"), command: "sudo ls" }).unwrap();
        assert!(
            line.ends_with(r#""decision":"refused","call":"t1","rule":"sudo","command":"sudo ls"}"#),
            "{line}"
        );
    }

    #[test]
    fn lines_are_appended_and_a_full_file_is_put_aside() {
        let dir = std::env::temp_dir().join(format!("wharf-guard-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let file = dir.join("audit.log");
        append(&file, "one").unwrap();
        append(&file, "two").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "one\ntwo\n");
        fs::write(&file, vec![b'x'; 1024 * 1024 + 1]).unwrap();
        append(&file, "three").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "three\n");
        assert!(dir.join("audit.log.1").exists());
        fs::remove_dir_all(&dir).unwrap();
    }
}
