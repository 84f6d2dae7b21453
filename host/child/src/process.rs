//! A running process.

use std::fmt;
use std::io;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;

use crate::system;
use crate::twin;

/// A process's standard input.
pub type Stdin = Box<dyn AsyncWrite + Send + Unpin>;
/// A process's standard output or error.
pub type Stdout = Box<dyn AsyncRead + Send + Unpin>;

/// A running process: its streams, and the handle that keeps it alive.
pub struct Process {
    /// Standard input; none when it was left empty.
    pub stdin: Option<Stdin>,
    /// Standard output, or standard output and error in one.
    pub stdout: Stdout,
    /// Standard error; none when it is merged into standard output.
    pub stderr: Option<Stdout>,
    /// To wait for it and to end it. Dropping it kills the process with its whole group.
    pub handle: ProcessHandle,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It ended on its own, with this status.
    Code(i32),
    /// A signal ended it.
    Signal(i32),
}

impl Exit {
    /// Whether the status was 0.
    #[must_use]
    pub fn is_success(self) -> bool {
        self == Self::Code(0)
    }

    /// Whether it was ended because it had used up its computing time.
    #[must_use]
    pub fn passed_cpu_limit(self) -> bool {
        matches!(self, Self::Signal(number) if system::is_cpu_limit(number))
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit status {code}"),
            Self::Signal(number) => match system::signal_name(*number) {
                Some(name) => write!(f, "killed by {name}"),
                None => write!(f, "killed by signal {number}"),
            },
        }
    }
}

/// How far the life of a process has come.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Phase {
    Running,
    /// Ended, not reaped: its number still names it and its group.
    Ended(Exit),
    /// Its number may name another process by now.
    Reaped(Exit),
}

/// Keeps a process alive: when it is dropped, the whole group is killed and the process reaped.
///
/// The process is reaped only then (or by [`end`](Self::end)), not when it ends: until then its number cannot be
/// given to another process, and a signal to its group cannot hit a stranger. A member of the group that put itself
/// into a session of its own is out of reach.
#[derive(Debug)]
pub struct ProcessHandle {
    pid: u32,
    phase: watch::Receiver<Phase>,
    control: Control,
}

#[derive(Debug)]
enum Control {
    System(system::Group),
    Twin(twin::Control),
}

impl ProcessHandle {
    pub(crate) fn over(offspring: system::Offspring) -> io::Result<Self> {
        let pid = system::number(&offspring);
        let (sender, phase) = watch::channel(Phase::Running);
        let group = system::Group::watch(offspring, sender)?;
        Ok(Self { pid, phase, control: Control::System(group) })
    }

    pub(crate) fn twin(phase: watch::Receiver<Phase>, control: twin::Control) -> Self {
        Self { pid: 0, phase, control: Control::Twin(control) }
    }

    /// The process's number, which is the number of its group too; 0 for a twin.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Asks the whole group to end (SIGTERM).
    pub fn terminate(&self) {
        match &self.control {
            Control::System(group) => group.terminate(),
            Control::Twin(twin) => twin.terminate(),
        }
    }

    /// Kills the whole group (SIGKILL).
    pub fn kill(&self) {
        match &self.control {
            Control::System(group) => group.kill(),
            Control::Twin(twin) => twin.kill(),
        }
    }

    /// Waits until the process itself has ended; others of its group may still run. Can be called any number of
    /// times, also at once. Has no limit of its own.
    pub async fn wait(&self) -> Exit {
        let mut phase = self.phase.clone();
        loop {
            if let Phase::Ended(exit) | Phase::Reaped(exit) = *phase.borrow_and_update() {
                return exit;
            }
            if phase.changed().await.is_err() {
                // The watching thread is gone without a word; there is nothing more to learn.
                return self.exited().unwrap_or(Exit::Code(-1));
            }
        }
    }

    /// How it ended; nothing while it runs.
    #[must_use]
    pub fn exited(&self) -> Option<Exit> {
        match *self.phase.borrow() {
            Phase::Running => None,
            Phase::Ended(exit) | Phase::Reaped(exit) => Some(exit),
        }
    }

    /// Kills the whole group and waits until the process is reaped. Has no limit of its own: a process that is stuck
    /// in the kernel can outlast a kill.
    pub async fn end(&self) -> Exit {
        self.kill();
        match &self.control {
            Control::System(group) => group.release(),
            Control::Twin(twin) => twin.release(),
        }
        let mut phase = self.phase.clone();
        let _ = phase.wait_for(|phase| matches!(phase, Phase::Reaped(_))).await;
        self.exited().unwrap_or(Exit::Code(-1))
    }
}

impl Drop for ProcessHandle {
    fn drop(&mut self) {
        self.kill();
    }
}
