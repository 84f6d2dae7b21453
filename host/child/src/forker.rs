//! The thread that forks.
//!
//! On Linux a child is told to die with its parent, and "parent" means the *thread* that forked it. A thread of the
//! runtime's pool may end long before the process does; this one never ends. It also keeps a slow `fork` away from
//! the runtime, and lets no two forks overlap: a file that one child is about to execute is never held open for
//! writing by another that has not executed its own program yet.

use std::io;
use std::process::{ChildStderr, ChildStdin, ChildStdout};
use std::sync::{Arc, OnceLock};

use tokio::sync::{mpsc, oneshot};

use crate::process::{Process, ProcessHandle};
use crate::spawn::{self, SpawnError, Spec};

/// Spawns that may wait for the thread; more wait for a place.
const QUEUE: usize = 16;

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

/// Has the thread start a process. When the caller is gone by the time it has started, it is killed.
pub(crate) async fn fork(spec: Spec) -> Result<Born, SpawnError> {
    static THREAD: OnceLock<Result<mpsc::Sender<Request>, Arc<io::Error>>> = OnceLock::new();
    let program = spec.program.clone();
    let queue = match THREAD.get_or_init(|| begin().map_err(Arc::new)) {
        Ok(queue) => queue,
        Err(source) => return Err(SpawnError::Other { program, source: Arc::clone(source) }),
    };
    let gone = || SpawnError::other(&program, io::Error::other("the forking thread has ended"));
    let (reply, born) = oneshot::channel();
    queue.send(Request { spec, reply }).await.map_err(|_| gone())?;
    born.await.map_err(|_| gone())?
}

fn begin() -> io::Result<mpsc::Sender<Request>> {
    let (queue, mut requests) = mpsc::channel::<Request>(QUEUE);
    std::thread::Builder::new().name("wharf-fork".to_owned()).spawn(move || {
        while let Some(request) = requests.blocking_recv() {
            if !request.reply.is_closed() {
                // A reply that nobody takes is dropped, and the process with it.
                let _ = request.reply.send(spawn::start(&request.spec));
            }
        }
    })?;
    Ok(queue)
}
