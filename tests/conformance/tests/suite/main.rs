//! The suite. One program, so that what it is made of is linked once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]

mod chain;
mod commands;
mod conversation;
mod files;
mod guard;
mod hello;
mod hooks;
mod hostile;
mod languages;
mod names;
mod notes;
mod order;
mod points;
mod polyglot;
mod recording;
mod reload;
mod requests;
mod restart;
mod sandbox;
mod spoken;
mod tools;
mod trust;
mod version2;
mod watch;

/// A fixture: an extension that is a script.
fn fixture(name: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}
