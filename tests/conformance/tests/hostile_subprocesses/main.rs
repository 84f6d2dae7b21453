//! Child processes that break every rule: each is a small script, and what is told about it names the extension, the
//! stage, the cause and the next step. Whatever it does, its neighbour answers and nothing of it is left in the end.
//!
//! | module | what is broken |
//! |---|---|
//! | `start` | the program, the hello |
//! | `lines` | lines that are too long, torn, no text; floods |
//! | `input` | nobody reads standard input |
//! | `end` | it does not want to end, or has others that do not |
//! | `answers` | answers to nobody, twice, too late |
//! | `fields` | each field of each answer missing, of a wrong type, huge |
//! | `unasked` | the same of frames that nobody asked for, and of the hello |
//! | `declared` | manifests, schemas, arguments |
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]
// Every script is a constant, and one without a scenario does not compile.
#![deny(dead_code)]

mod answers;
mod declared;
mod end;
mod fields;
mod input;
mod lines;
mod stage;
mod start;
mod unasked;
