//! A process that is none: both ends of its pipes lie in memory, so that what speaks to children can be tested
//! without one.

use tokio::io::{DuplexStream, duplex};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::process::{Exit, Phase, Process, ProcessHandle};

/// The inner side of a twin: what the program in the process would hold.
#[derive(Debug)]
pub struct Inside {
    /// What the host writes.
    pub stdin: DuplexStream,
    /// What the host reads.
    pub stdout: DuplexStream,
    /// What the host logs.
    pub stderr: DuplexStream,
    /// Fires when the twin is asked to end.
    pub terminated: CancellationToken,
    phase: watch::Sender<Phase>,
}

impl Inside {
    /// Ends as a process would: closes the streams and says how it ended.
    pub fn exit(self, exit: Exit) {
        end(&self.phase, exit);
    }
}

/// Makes a twin whose pipes hold `capacity` bytes.
#[must_use]
pub fn twin(capacity: usize) -> (Process, Inside) {
    let (host_stdin, stdin) = duplex(capacity);
    let (host_stdout, stdout) = duplex(capacity);
    let (host_stderr, stderr) = duplex(capacity);
    let (phase, watched) = watch::channel(Phase::Running);
    let terminated = CancellationToken::new();
    let control = Control { phase: phase.clone(), terminated: terminated.clone() };
    let process = Process {
        stdin: Some(Box::new(host_stdin)),
        stdout: Box::new(host_stdout),
        stderr: Some(Box::new(host_stderr)),
        handle: ProcessHandle::twin(watched, control),
    };
    (process, Inside { stdin, stdout, stderr, terminated, phase })
}

/// What a handle can do to a twin.
#[derive(Debug)]
pub(crate) struct Control {
    phase: watch::Sender<Phase>,
    terminated: CancellationToken,
}

impl Control {
    pub(crate) fn terminate(&self) {
        self.terminated.cancel();
    }

    pub(crate) fn kill(&self) {
        self.terminated.cancel();
        end(&self.phase, Exit::Signal(9));
    }

    pub(crate) fn release(&self) {
        self.phase.send_modify(|phase| {
            if let Phase::Ended(exit) = *phase {
                *phase = Phase::Reaped(exit);
            }
        });
    }
}

/// The first end counts.
fn end(phase: &watch::Sender<Phase>, exit: Exit) {
    phase.send_modify(|phase| {
        if matches!(phase, Phase::Running) {
            *phase = Phase::Ended(exit);
        }
    });
}
