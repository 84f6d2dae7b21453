//! What was built with a released version of the WIT package keeps working, and the package only grows.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]

mod guests;
mod package;

use std::path::PathBuf;

use wharf_test_support::guests::workspace;

/// The directories of the released versions.
fn releases() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(workspace().join("tests/corpus")).expect("the corpus");
    let mut all: Vec<PathBuf> =
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    all.sort();
    assert!(!all.is_empty(), "no release");
    all
}
