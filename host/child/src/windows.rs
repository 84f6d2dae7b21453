//! Windows has neither groups nor signals of that kind: the process alone is ended, and always by force.

use std::ffi::OsString;
use std::io;
use std::os::windows::io::OwnedHandle;
use std::process::{Child, ChildStdout, Command};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::watch;

use crate::forker::Born;
use crate::process::{Exit, Phase, ProcessHandle};
use crate::spawn::Spec;

/// How often a process is asked whether it has ended.
const LOOK: Duration = Duration::from_millis(20);

/// Starts a process.
pub(crate) fn start(spec: &Spec) -> io::Result<Born> {
    let (mut child, merged) = crate::command::start(spec)?;
    let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
    let merged = merged.map(|reader| ChildStdout::from(OwnedHandle::from(reader)));
    let stdout = merged.or_else(|| child.stdout.take());
    Ok(Born { handle: ProcessHandle::over(child)?, stdin, stdout, stderr })
}

pub(crate) fn prepare(_: &mut Command) {}

/// What the system knows a process by.
pub(crate) type Offspring = Child;

/// Its number.
pub(crate) fn number(offspring: &Offspring) -> u32 {
    offspring.id()
}

/// Whether the file is no program of this machine (`ERROR_BAD_EXE_FORMAT`).
pub(crate) fn is_wrong_format(error: &io::Error) -> bool {
    error.raw_os_error() == Some(193)
}

/// Environment variables without which programs find none of the system's libraries.
pub(crate) fn indispensable() -> Option<(OsString, OsString)> {
    const ROOT: &str = "SystemRoot";
    Some((ROOT.into(), std::env::var_os(ROOT)?))
}

pub(crate) fn is_cpu_limit(_: i32) -> bool {
    false
}

/// A process cannot limit itself in this way here.
pub(crate) fn limit_self(_: u64, _: u64) -> io::Result<()> {
    Ok(())
}

pub(crate) fn signal_name(_: i32) -> Option<&'static str> {
    None
}

/// Every process that may still be alive.
static LIVE: Mutex<Vec<Weak<Mutex<Child>>>> = Mutex::new(Vec::new());

/// Kills every process that was started and has not ended.
pub(crate) fn kill_all() {
    let live = std::mem::take(&mut *LIVE.lock().unwrap_or_else(PoisonError::into_inner));
    for child in live.iter().filter_map(Weak::upgrade) {
        // Fails when it has ended already.
        let _ = child.lock().unwrap_or_else(PoisonError::into_inner).kill();
    }
}

/// The process alone.
#[derive(Debug)]
pub(crate) struct Group {
    child: Arc<Mutex<Child>>,
    release: SyncSender<()>,
}

impl Group {
    /// Watches the process on a thread of its own.
    pub(crate) fn watch(child: Child, phase: watch::Sender<Phase>) -> io::Result<Self> {
        let child = Arc::new(Mutex::new(child));
        let mut live = LIVE.lock().unwrap_or_else(PoisonError::into_inner);
        live.retain(|other| other.strong_count() > 0);
        live.push(Arc::downgrade(&child));
        drop(live);
        let (release, released) = sync_channel(1);
        let watched = Arc::clone(&child);
        std::thread::Builder::new()
            .name("wharf-child".to_owned())
            .spawn(move || serve(&watched, &phase, &released))?;
        Ok(Self { child, release })
    }

    pub(crate) fn terminate(&self) {
        self.kill();
    }

    pub(crate) fn kill(&self) {
        // Fails when it has ended already.
        let _ = self.child.lock().unwrap_or_else(PoisonError::into_inner).kill();
    }

    pub(crate) fn release(&self) {
        let _ = self.release.try_send(());
    }
}

fn serve(child: &Mutex<Child>, phase: &watch::Sender<Phase>, released: &Receiver<()>) {
    let exit = loop {
        match child.lock().unwrap_or_else(PoisonError::into_inner).try_wait() {
            Ok(Some(status)) => break Exit::Code(status.code().unwrap_or(-1)),
            Ok(None) => {}
            Err(_) => break Exit::Code(-1),
        }
        std::thread::sleep(LOOK);
    };
    phase.send_replace(Phase::Ended(exit));
    let _ = released.recv();
    phase.send_replace(Phase::Reaped(exit));
}
