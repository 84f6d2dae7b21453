//! The conversation with an extension: played line by line without a process, and with real ones.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]

#[macro_use]
mod stage;

mod calls;
mod ending;
mod handshake;
#[cfg(unix)]
mod process;
mod version_2;
