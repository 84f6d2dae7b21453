//! Groups, signals and the reaping of children on Unix.

#[cfg(not(target_os = "linux"))]
use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use rustix::io::{Errno, retry_on_intr};
use rustix::process::{
    Pid, Resource, Rlimit, Signal, WaitId, WaitIdOptions, getrlimit, kill_process_group, setrlimit, waitid,
};
use tokio::sync::watch;

use crate::forker::Born;
use crate::process::{Exit, Phase, ProcessHandle};
#[cfg(target_os = "linux")]
use crate::spawn::Output;
use crate::spawn::Spec;

/// Starts a process in a group of its own, which on Linux dies with this process.
#[cfg(target_os = "linux")]
pub(crate) fn start(spec: &Spec) -> io::Result<Born> {
    let ours = |end: OwnedFd| Some(end);
    let (theirs, stdin, stdout, stderr) = match spec.output {
        Output::Piped => {
            let ((to, stdin), (stdout, from), (stderr, errors)) = (io::pipe()?, io::pipe()?, io::pipe()?);
            let theirs = [to.into(), from.into(), errors.into()];
            (theirs, ours(stdin.into()), ours(stdout.into()), ours(stderr.into()))
        }
        Output::Merged => {
            let (stdout, writer) = io::pipe()?;
            let nothing = std::fs::File::open("/dev/null")?;
            let theirs = [nothing.into(), writer.try_clone()?.into(), writer.into()];
            (theirs, None, ours(stdout.into()), None)
        }
    };
    let handle = ProcessHandle::over(crate::vfork::start(spec, theirs)?)?;
    let (stdin, stdout, stderr) = (stdin.map(Into::into), stdout.map(Into::into), stderr.map(Into::into));
    Ok(Born { handle, stdin, stdout, stderr })
}

/// Starts a process in a group of its own.
#[cfg(not(target_os = "linux"))]
pub(crate) fn start(spec: &Spec) -> io::Result<Born> {
    let (mut child, merged) = crate::command::start(spec)?;
    let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
    let merged = merged.map(|reader| std::process::ChildStdout::from(OwnedFd::from(reader)));
    let stdout = merged.or_else(|| child.stdout.take());
    let handle = ProcessHandle::over(Pid::from_child(&child))?;
    Ok(Born { handle, stdin, stdout, stderr })
}

/// A group of its own, and of the host's open files none but the three standard streams.
#[cfg(not(target_os = "linux"))]
pub(crate) fn prepare(command: &mut std::process::Command) {
    use std::os::unix::process::CommandExt as _;
    command.process_group(0);
    let limit = getrlimit(Resource::Nofile).current.and_then(|limit| i32::try_from(limit).ok());
    let end = limit.unwrap_or(MOST_FILES).min(MOST_FILES);
    // SAFETY: only system calls are made, and nothing is allocated.
    unsafe { command.pre_exec(move || keep_to_ourselves(end)) };
}

/// Numbers of open files that are looked at, at most.
#[cfg(not(target_os = "linux"))]
const MOST_FILES: i32 = 10_240;

/// In the new process: what is open closes when the program is executed.
#[cfg(not(target_os = "linux"))]
fn keep_to_ourselves(end: i32) -> io::Result<()> {
    for number in 3..end {
        // SAFETY: it is used for this call alone, which fails for a number that is not open.
        let file = unsafe { std::os::fd::BorrowedFd::borrow_raw(number) };
        let _ = rustix::io::fcntl_setfd(file, rustix::io::FdFlags::CLOEXEC);
    }
    Ok(())
}

/// What the system knows a process by.
pub(crate) type Offspring = Pid;

/// Its number.
pub(crate) fn number(offspring: &Offspring) -> u32 {
    offspring.as_raw_nonzero().get().unsigned_abs()
}

/// Whether the file is no program of this machine.
pub(crate) fn is_wrong_format(error: &io::Error) -> bool {
    Errno::from_io_error(error) == Some(Errno::NOEXEC)
}

/// Environment variables without which no program starts: none.
#[cfg(not(target_os = "linux"))]
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
    pub(crate) fn watch(pid: Pid, phase: watch::Sender<Phase>) -> io::Result<Self> {
        let leader = Arc::new(Leader { pid, reaped: Mutex::new(false) });
        let mut live = LIVE.lock().unwrap_or_else(PoisonError::into_inner);
        live.retain(|other| other.strong_count() > 0);
        live.push(Arc::downgrade(&leader));
        drop(live);
        let (release, released) = sync_channel(1);
        let watched = Arc::clone(&leader);
        let thread = std::thread::Builder::new().name(format!("wharf-child-{}", number(&pid)));
        let begun = thread.spawn(move || watched.serve(&phase, &released));
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
    fn serve(&self, phase: &watch::Sender<Phase>, released: &Receiver<()>) {
        let exit = self.wait_without_reaping();
        phase.send_replace(Phase::Ended(exit));
        // An error means that the handle was dropped.
        let _ = released.recv();
        self.signal(Signal::KILL);
        let mut reaped = self.reaped.lock().unwrap_or_else(PoisonError::into_inner);
        // It has ended, so this does not wait.
        let _ = retry_on_intr(|| waitid(WaitId::Pid(self.pid), WaitIdOptions::EXITED));
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
