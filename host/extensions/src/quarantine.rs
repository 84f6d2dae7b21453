//! The extensions that crashed too often: `quarantine.json`, kept across runs until their content changes or the user
//! lifts it.

use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use wharf_protocol::hook::HookSpec;
use wharf_protocol::id::ExtensionId;

use crate::digest::Digest;
use crate::error::Fault;
use crate::extension::Extension;
use crate::list_file::ListFile;
use crate::watchmen::closed::{bare, short};

/// Longest reason that is kept, in bytes.
const WHY: usize = 1 << 10;

/// The list, in a file of its own. Naming it creates nothing.
#[derive(Debug, Clone)]
pub struct Quarantine {
    file: ListFile<Entry>,
}

/// One extension that is not started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Which one.
    pub name: ExtensionId,
    /// What it was made of when it crashed: anything else is another extension.
    pub digest: Digest,
    /// Since when, RFC 3339.
    pub since: String,
    /// How often it crashed, and why the last time.
    pub why: String,
    /// The hooks that it had registered: what it guarded stays guarded. Of a long list, on all tools.
    #[serde(default)]
    pub hooks: Vec<HookSpec>,
}

impl Entry {
    /// What keeps the extension out.
    #[must_use]
    pub fn fault(&self) -> Fault {
        Fault::Quarantined { why: format!("since {} {}", self.since, self.why) }
    }
}

/// A list that cannot be read or written.
#[derive(Debug, Error)]
#[error("the list of extensions in quarantine, {}: {source}; mend or delete the file", file.display())]
pub struct QuarantineError {
    file: PathBuf,
    source: io::Error,
}

impl Quarantine {
    /// The list in this file.
    #[must_use]
    pub fn new(file: PathBuf) -> Self {
        Self { file: ListFile::new(file, |entry| entry.hooks = bare(&entry.hooks)) }
    }

    /// Everything in the list. Blocks.
    ///
    /// # Errors
    /// [`QuarantineError`]; a file that is not there is an empty list.
    pub fn entries(&self) -> Result<Vec<Entry>, QuarantineError> {
        self.file.read().map_err(|source| self.error(source))
    }

    /// The entry that keeps this extension out: same name, same content. Blocks.
    #[must_use]
    pub fn holding<'e>(entries: &'e [Entry], extension: &Extension) -> Option<&'e Entry> {
        let mut named = entries.iter().filter(|entry| entry.name == extension.id).peekable();
        named.peek()?;
        // Content that cannot be read will not start either, which is told better there.
        let digest = extension.digest().ok()?;
        named.find(|entry| entry.digest == digest)
    }

    /// Adds an entry in place of earlier ones of that name. Blocks.
    ///
    /// # Errors
    /// [`QuarantineError`]
    pub fn put(&self, mut entry: Entry) -> Result<(), QuarantineError> {
        entry.hooks = short(&entry.hooks);
        entry.why.truncate(entry.why.floor_char_boundary(WHY));
        self.change(|entries| {
            entries.retain(|other| other.name != entry.name);
            entries.push(entry);
        })
    }

    /// Takes an extension off the list, and says whether it was there. Blocks.
    ///
    /// # Errors
    /// [`QuarantineError`]
    pub fn lift(&self, name: &ExtensionId) -> Result<bool, QuarantineError> {
        let mut found = false;
        if self.file.path().exists() {
            self.change(|entries| {
                let before = entries.len();
                entries.retain(|entry| entry.name != *name);
                found = entries.len() < before;
            })?;
        }
        Ok(found)
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Entry>)) -> Result<(), QuarantineError> {
        let changed = self.file.change(|entries| {
            change(entries);
            entries.sort_by(|a, b| a.name.cmp(&b.name));
        });
        changed.map_err(|source| self.error(source))
    }

    fn error(&self, source: io::Error) -> QuarantineError {
        QuarantineError { file: self.file.path().to_owned(), source }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use wharf_protocol::hook::{HookPoint, OnFailure};

    use super::*;

    fn entry(name: &str, content: &[u8]) -> Entry {
        let (digest, why) = (Digest::of(content), "it trapped".to_owned());
        Entry {
            name: ExtensionId::new(name).unwrap(),
            digest,
            since: "2026-01-01T00:00:00Z".into(),
            why,
            hooks: Vec::new(),
        }
    }

    #[test]
    fn entries_are_kept_and_lifted() {
        let home = tempfile::tempdir().unwrap();
        let list = Quarantine::new(home.path().join("state/quarantine.json"));
        assert!(list.entries().unwrap().is_empty());
        assert!(!list.lift(&ExtensionId::new("a").unwrap()).unwrap());
        list.put(entry("b", b"1")).unwrap();
        list.put(entry("a", b"1")).unwrap();
        list.put(entry("b", b"2")).unwrap();
        assert_eq!(list.entries().unwrap(), [entry("a", b"1"), entry("b", b"2")]);
        assert!(list.lift(&ExtensionId::new("b").unwrap()).unwrap());
        assert_eq!(list.entries().unwrap(), [entry("a", b"1")]);
    }

    #[test]
    fn a_damaged_list_is_told_with_its_file() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("quarantine.json");
        fs::write(&file, "[{").unwrap();
        let told = Quarantine::new(file.clone()).entries().unwrap_err().to_string();
        assert!(told.contains("quarantine.json: EOF while parsing"), "{told}");
        assert!(
            Quarantine::new(file).put(entry("a", b"")).is_err(),
            "what cannot be read is not written over"
        );
    }

    #[test]
    fn many_long_entries_can_be_read_again() {
        let home = tempfile::tempdir().unwrap();
        let list = Quarantine::new(home.path().join("quarantine.json"));
        let tools: Vec<String> = (0..9000).map(|number| format!("{number}_{}", "x".repeat(16))).collect();
        let hook = HookSpec::on(HookPoint::ToolCall).on_failure(OnFailure::Closed);
        let hooks = vec![hook.clone().tools(tools.clone()); 8];
        let why = "é".repeat(10_000);
        list.put(Entry { hooks, why, ..entry("a", b"1") }).unwrap();
        let kept = &list.entries().unwrap()[0];
        assert_eq!(kept.hooks, [hook]);
        assert!(kept.why.len() <= WHY && kept.why.starts_with('é'));
        assert!(fs::metadata(list.file.path()).unwrap().len() < 4096);
    }

    #[test]
    fn many_writers_lose_nothing() {
        let home = tempfile::tempdir().unwrap();
        let list = Quarantine::new(home.path().join("quarantine.json"));
        std::thread::scope(|scope| {
            for number in 0..20 {
                let list = &list;
                scope.spawn(move || list.put(entry(&format!("x{number}"), b"")).unwrap());
            }
        });
        assert_eq!(list.entries().unwrap().len(), 20);
    }
}
