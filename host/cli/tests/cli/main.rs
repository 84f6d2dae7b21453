//! The binary, as scripts and people at a terminal see it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]
#![allow(clippy::disallowed_methods, reason = "the binary under test is started here, and `kill` and `ps`")]

mod check;
mod compile;
mod exit_codes;
mod extensions;
#[cfg(target_os = "linux")]
mod full;
mod input;
#[cfg(unix)]
mod install;
#[cfg(target_os = "linux")]
mod killed;
mod list;
mod logs;
mod modes;
mod program;
#[cfg(unix)]
mod remove;
mod run;
mod secrets;
#[cfg(unix)]
mod signals;
#[cfg(unix)]
mod switch;
