//! What the pages in docs/ have a reader do, done: every file that they show is written, and every command that they give
//! is run, as it stands there.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]
#![allow(clippy::disallowed_methods, reason = "a shell is started here, which does what the pages say")]

mod complete;
mod guide;
mod hooks;
mod languages;
mod lesson;
mod page;
