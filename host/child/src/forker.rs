//! The thread that forks, and its successors.
//!
//! On Linux a child is told to die with its parent, and "parent" means the *thread* that forked it. A thread of the
//! runtime's pool may end long before the process does; this one never ends. It also keeps a slow `fork` away from
//! the runtime, and lets no two forks overlap, unless one is stuck on a disk that does not answer: a file that one child is about to execute is never held open for
//! writing by another that has not executed its own program yet.

use std::io;
use std::process::{ChildStderr, ChildStdin, ChildStdout};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::process::{Process, ProcessHandle};
use crate::spawn::{self, SpawnError, Spec};

/// Spawns that may wait for the thread; more wait for a place.
const QUEUE: usize = 16;
/// Threads, of which all but one may be stuck.
const THREADS: usize = 4;
/// A start that takes longer is not waited for by others.
const LOOK: Duration = Duration::from_secs(1);
/// A start that takes longer is given up; what it starts after all is killed.
const PATIENCE: Duration = Duration::from_secs(10);
const STUCK: &str = "it has not started within 10 s; does its disk answer, and that of its directory?";

struct Request {
    spec: Spec,
    reply: oneshot::Sender<Result<Born, SpawnError>>,
}

/// A process that has just been started, with pipes that no runtime knows yet.
pub(crate) struct Born {
    pub(crate) handle: ProcessHandle,
    pub(crate) stdin: Option<ChildStdin>,
    pub(crate) stdout: Option<ChildStdout>,
    pub(crate) stderr: Option<ChildStderr>,
}

impl Born {
    /// Hands the pipes to the current runtime.
    pub(crate) fn into_process(self) -> io::Result<Process> {
        use tokio::process as asynchronous;
        let missing = || io::Error::other("the process has no standard output");
        let stdin = self.stdin.map(asynchronous::ChildStdin::from_std).transpose()?;
        let stdout = asynchronous::ChildStdout::from_std(self.stdout.ok_or_else(missing)?)?;
        let stderr = self.stderr.map(asynchronous::ChildStderr::from_std).transpose()?;
        Ok(Process {
            stdin: stdin.map(|pipe| Box::new(pipe) as _),
            stdout: Box::new(stdout),
            stderr: stderr.map(|pipe| Box::new(pipe) as _),
            handle: self.handle,
        })
    }
}

/// Has a thread start a process. When the caller is gone by the time it has started, it is killed.
pub(crate) async fn fork(spec: Spec) -> Result<Born, SpawnError> {
    static FORKER: LazyLock<Arc<Forker>> = LazyLock::new(|| Forker::new(spawn::start));
    FORKER.fork(spec).await
}

/// The threads. There is one, and one more for each that is stuck, within a limit.
struct Forker {
    start: fn(&Spec) -> Result<Born, SpawnError>,
    queue: mpsc::Sender<Request>,
    /// Held by a thread while it waits for a request.
    requests: Mutex<mpsc::Receiver<Request>>,
    threads: Mutex<usize>,
    /// Threads that have a request.
    busy: AtomicUsize,
    turn: Turn,
}

impl Forker {
    fn new(start: fn(&Spec) -> Result<Born, SpawnError>) -> Arc<Self> {
        let (queue, requests) = mpsc::channel(QUEUE);
        let (requests, threads) = (Mutex::new(requests), Mutex::new(0));
        Arc::new(Self { start, queue, requests, threads, busy: AtomicUsize::new(0), turn: Turn::default() })
    }

    async fn fork(self: &Arc<Self>, spec: Spec) -> Result<Born, SpawnError> {
        let program = spec.program.clone();
        let other = |source| SpawnError::other(&program, source);
        self.begin(1).map_err(other)?;
        let (reply, mut born) = oneshot::channel();
        let gone = || other(io::Error::other("the forking thread has ended"));
        let stuck = || other(io::Error::new(io::ErrorKind::TimedOut, STUCK));
        let asked = timeout(PATIENCE, self.queue.send(Request { spec, reply }));
        asked.await.map_err(|_| stuck())?.map_err(|_| gone())?;
        if let Ok(born) = timeout(LOOK, &mut born).await {
            return born.map_err(|_| gone())?;
        }
        // Whoever is before it, or it itself, may be stuck: the next one gets a thread that is not.
        self.begin(self.busy.load(Ordering::Relaxed).saturating_add(1)).map_err(other)?;
        match timeout(PATIENCE, born).await {
            Ok(born) => born.map_err(|_| gone())?,
            Err(_) => Err(stuck()),
        }
    }

    /// Begins a thread, unless there are so many already.
    fn begin(self: &Arc<Self>, wanted: usize) -> io::Result<()> {
        let mut threads = lock(&self.threads);
        if *threads < wanted.min(THREADS) {
            let forker = self.clone();
            // It never ends: what it has started would die with it.
            std::thread::Builder::new().name("wharf-fork".to_owned()).spawn(move || forker.serve())?;
            *threads += 1;
        }
        Ok(())
    }

    fn serve(&self) {
        loop {
            let Some(request) = lock(&self.requests).blocking_recv() else { return };
            if !request.reply.is_closed() {
                self.busy.fetch_add(1, Ordering::Relaxed);
                let turn = self.turn.take();
                let born = (self.start)(&request.spec);
                self.turn.give_back(turn);
                self.busy.fetch_sub(1, Ordering::Relaxed);
                // A reply that nobody takes is dropped, and the process with it.
                let _ = request.reply.send(born);
            }
        }
    }
}

/// Lets one thread fork at a time, but for those that are stuck.
#[derive(Default)]
struct Turn {
    /// Who has it, and since when.
    taken: Mutex<(u64, Option<Instant>)>,
    free: Condvar,
}

impl Turn {
    fn take(&self) -> u64 {
        let mut taken = lock(&self.taken);
        while let Some(left) = taken.1.and_then(|since| LOOK.checked_sub(since.elapsed())) {
            let woken = self.free.wait_timeout(taken, left.max(Duration::from_millis(1)));
            taken = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        *taken = (taken.0.wrapping_add(1), Some(Instant::now()));
        taken.0
    }

    fn give_back(&self, turn: u64) {
        let mut taken = lock(&self.taken);
        if taken.0 == turn {
            taken.1 = None;
            self.free.notify_one();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The program `stuck` is stuck until its directory is there; nothing starts at all.
    fn fake(spec: &Spec) -> Result<Born, SpawnError> {
        while spec.cwd.as_ref().is_some_and(|cwd| !cwd.exists()) {
            std::thread::sleep(Duration::from_millis(1));
        }
        Err(SpawnError::other(&spec.program, io::Error::other("it came to its turn")))
    }

    #[tokio::test]
    async fn one_that_is_stuck_does_not_stop_the_others() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("directory");
        let forker = Forker::new(fake);
        let stuck = Spec::new("stuck").cwd(&path);
        let waiting = tokio::spawn({
            let forker = forker.clone();
            async move { forker.fork(stuck).await }
        });
        while forker.busy.load(Ordering::Relaxed) == 0 {
            tokio::task::yield_now().await;
        }
        for _ in 0..3 {
            let told = forker.fork(Spec::new("other")).await.err().unwrap().to_string();
            assert!(told.contains("it came to its turn"), "{told}");
        }
        assert!(*lock(&forker.threads) < THREADS, "one more, and not one for each");
        std::fs::create_dir(&path).unwrap();
        let told = waiting.await.unwrap().err().unwrap().to_string();
        assert!(told.contains("it came to its turn"), "{told}");
    }
}
