//! Child processes: started in one place, bounded, killed as a group.
//!
//! | module | what |
//! |---|---|
//! | [`spawn`](mod@spawn) | the one function of the house that starts a process |
//! | `vfork`, `command` | how: on Linux, and elsewhere |
//! | [`process`] | a running process: its streams, its end, the killing of its group |
//! | [`environment`] | which variables a child does not get to see |
//! | [`reader`], [`writer`], [`stderr`] | the three loops that serve a child's pipes |
//! | [`pace`] | how fast is read what nobody asked for |
//! | [`pending`] | calls that wait for an answer, by id |
//! | [`twin`] | a process that is none: two ends of a pipe in memory, for tests |
//!
//! Nothing here knows what the lines mean: the extension protocol and JSON-RPC peers stand on the same loops.

#[cfg(not(target_os = "linux"))]
mod command;
pub mod environment;
mod forker;
pub mod pace;
pub mod pending;
pub mod process;
pub mod reader;
pub mod spawn;
pub mod stderr;
pub mod twin;
#[cfg(target_os = "linux")]
mod vfork;
pub mod writer;

#[cfg(unix)]
#[path = "unix.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;

/// Kills every process group that was started and has not ended: for a program that must end at once, without
/// dropping what it holds.
pub fn kill_all() {
    system::kill_all();
}

/// Limits this process itself, for good: seconds of computing time, bytes of address space (on Linux), no core dumps.
/// On Windows it does nothing.
///
/// # Errors
/// The system's reason.
pub fn limit_self(cpu_seconds: u64, address_space: u64) -> std::io::Result<()> {
    system::limit_self(cpu_seconds, address_space)
}

pub use process::{Exit, Process, ProcessHandle};
pub use spawn::{Output, SpawnError, Spec, spawn};
