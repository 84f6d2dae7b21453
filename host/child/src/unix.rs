//! Groups, signals and the reaping of children on Unix.

use std::ffi::OsString;
use std::io::{self, PipeReader};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdout, Command};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use rustix::io::{Errno, retry_on_intr};
use rustix::process::{
    Pid, Resource, Rlimit, Signal, WaitId, WaitIdOptions, getrlimit, kill_process_group, setrlimit, waitid,
};
use tokio::sync::watch;

use crate::process::{Exit, Phase};

/// Gives the process a group of its own, and on Linux has it die with this process.
pub(crate) fn prepare(command: &mut Command) {
    command.process_group(0);
    #[cfg(target_os = "linux")]
    die_with_parent(command);
}

#[cfg(target_os = "linux")]
fn die_with_parent(command: &mut Command) {
    use rustix::process::{getpid, getppid, set_parent_process_death_signal};
    let parent = getpid();
    let in_child = move || {
        set_parent_process_death_signal(Some(Signal::KILL))?;
        // When the parent died before the line above, nobody will ever send the signal.
        if getppid() == Some(parent) { Ok(()) } else { Err(Errno::SRCH.into()) }
    };
    // SAFETY: between fork and exec only two system calls are made; nothing is allocated and no lock is taken.
    unsafe {
        command.pre_exec(in_child);
    }
}

/// The reading end of a pipe, as if it were a child's standard output.
pub(crate) fn as_stdout(reader: PipeReader) -> ChildStdout {
    ChildStdout::from(OwnedFd::from(reader))
}

/// Whether the file is no program of this machine.
pub(crate) fn is_wrong_format(error: &io::Error) -> bool {
    Errno::from_io_error(error) == Some(Errno::NOEXEC)
}

/// Environment variables without which no program starts: none.
pub(crate) fn indispensable() -> Option<(OsString, OsString)> {
    None
}

/// Whether this signal is what a process gets that has used up its computing time.
pub(crate) fn is_cpu_limit(signal: i32) -> bool {
    signal == Signal::XCPU.as_raw()
}

/// Limits this process itself, for good.
pub(crate) fn limit_self(cpu_seconds: u64, address_space: u64) -> io::Result<()> {
    lower(Resource::Core, 0, 0)?;
    // The signal at the first number says why; the second kills.
    lower(Resource::Cpu, cpu_seconds, cpu_seconds.saturating_add(1))?;
    // Elsewhere the system does not keep to it, or refuses it.
    if cfg!(target_os = "linux") {
        lower(Resource::As, address_space, address_space)?;
    }
    Ok(())
}

/// Sets a limit; one that is lower already stays.
fn lower(resource: Resource, current: u64, maximum: u64) -> io::Result<()> {
    let before = getrlimit(resource);
    let at_most = |new: u64, old: Option<u64>| Some(old.map_or(new, |old| old.min(new)));
    let new = Rlimit { current: at_most(current, before.current), maximum: at_most(maximum, before.maximum) };
    Ok(setrlimit(resource, new)?)
}

/// The usual name of a signal.
pub(crate) fn signal_name(number: i32) -> Option<&'static str> {
    const NAMES: [(Signal, &str); 12] = [
        (Signal::HUP, "SIGHUP"),
        (Signal::INT, "SIGINT"),
        (Signal::QUIT, "SIGQUIT"),
        (Signal::ILL, "SIGILL"),
        (Signal::ABORT, "SIGABRT"),
        (Signal::BUS, "SIGBUS"),
        (Signal::FPE, "SIGFPE"),
        (Signal::KILL, "SIGKILL"),
        (Signal::SEGV, "SIGSEGV"),
        (Signal::PIPE, "SIGPIPE"),
        (Signal::TERM, "SIGTERM"),
        (Signal::XCPU, "SIGXCPU"),
    ];
    NAMES.iter().find(|(signal, _)| signal.as_raw() == number).map(|(_, name)| *name)
}

/// A process group, signalled as long as its leader is not reaped.
#[derive(Debug)]
pub(crate) struct Group {
    leader: Arc<Leader>,
    /// A word through it, or its end, lets the leader be reaped.
    release: SyncSender<()>,
}

/// Every group that may still be alive.
static LIVE: Mutex<Vec<Weak<Leader>>> = Mutex::new(Vec::new());

/// Kills every group that was started and has not ended.
pub(crate) fn kill_all() {
    let live = std::mem::take(&mut *LIVE.lock().unwrap_or_else(PoisonError::into_inner));
    live.iter().filter_map(Weak::upgrade).for_each(|leader| leader.signal(Signal::KILL));
}

#[derive(Debug)]
struct Leader {
    pid: Pid,
    reaped: Mutex<bool>,
}

impl Group {
    /// Watches the leader on a thread of its own, which ends when the leader is reaped.
    pub(crate) fn watch(mut child: Child, phase: watch::Sender<Phase>) -> io::Result<Self> {
        let pid = Pid::from_child(&child);
        let leader = Arc::new(Leader { pid, reaped: Mutex::new(false) });
        let mut live = LIVE.lock().unwrap_or_else(PoisonError::into_inner);
        live.retain(|other| other.strong_count() > 0);
        live.push(Arc::downgrade(&leader));
        drop(live);
        let (release, released) = sync_channel(1);
        let watched = Arc::clone(&leader);
        let thread = std::thread::Builder::new().name(format!("wharf-child-{}", child.id()));
        let begun = thread.spawn(move || watched.serve(&mut child, &phase, &released));
        match begun {
            Ok(_) => Ok(Self { leader, release }),
            Err(error) => {
                // Nobody watches it, so it must not go on; the system reaps it when this process ends.
                leader.signal(Signal::KILL);
                Err(error)
            }
        }
    }

    pub(crate) fn terminate(&self) {
        self.leader.signal(Signal::TERM);
    }

    pub(crate) fn kill(&self) {
        self.leader.signal(Signal::KILL);
    }

    pub(crate) fn release(&self) {
        // Full: it has been said already.
        let _ = self.release.try_send(());
    }
}

impl Leader {
    fn serve(&self, child: &mut Child, phase: &watch::Sender<Phase>, released: &Receiver<()>) {
        let exit = self.wait_without_reaping();
        phase.send_replace(Phase::Ended(exit));
        // An error means that the handle was dropped.
        let _ = released.recv();
        self.signal(Signal::KILL);
        let mut reaped = self.reaped.lock().unwrap_or_else(PoisonError::into_inner);
        // It has ended, so this does not wait.
        let _ = child.wait();
        *reaped = true;
        drop(reaped);
        phase.send_replace(Phase::Reaped(exit));
    }

    fn wait_without_reaping(&self) -> Exit {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        match retry_on_intr(|| waitid(WaitId::Pid(self.pid), options)) {
            Ok(Some(status)) => match (status.exit_status(), status.terminating_signal()) {
                (Some(code), _) => Exit::Code(code),
                (None, Some(signal)) => Exit::Signal(signal),
                (None, None) => Exit::Code(-1),
            },
            // It is our child and nobody else reaps it, so it can be waited for.
            Ok(None) | Err(_) => Exit::Code(-1),
        }
    }

    fn signal(&self, signal: Signal) {
        let reaped = self.reaped.lock().unwrap_or_else(PoisonError::into_inner);
        if !*reaped {
            // Fails when every member has ended already.
            let _ = kill_process_group(self.pid, signal);
        }
    }
}
