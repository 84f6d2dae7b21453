//! A command from its start to its end.

use std::pin::pin;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use wharf_child::{Exit, Process, SpawnError, Spec, spawn};
use wharf_ports::tool::Progress;

use super::capture::{Capture, Captured};

/// Bytes read at once.
const CHUNK: usize = 4096;
/// How long a command has to end after it was asked to.
const KILL_AFTER: Duration = Duration::from_secs(3);
/// How long more output is waited for once the shell is gone.
const LINGER: Duration = Duration::from_millis(250);
/// Longest wait for the end of a process that was killed.
const END: Duration = Duration::from_secs(1);
/// How long output may stand still, once the group is gone, until whoever holds it is not waited for any more.
const DRAIN: Duration = Duration::from_secs(1);
/// Most that is read then, in bytes: more than a pipe can hold is written by somebody who is still there.
const MAX_DRAIN: usize = 1 << 20;

/// What a command did.
pub(super) struct Ended {
    pub(super) output: Captured,
    pub(super) exit: Exit,
    pub(super) stopped: Option<Stopped>,
    /// Another process held the output when the shell was gone.
    pub(super) left_open: bool,
    /// Somebody who had left the group held it also when all of the group was gone.
    pub(super) held: bool,
    pub(super) took: Duration,
}

/// Who ended it, if it did not end by itself.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stopped {
    Aborted,
    TimedOut,
}

/// Runs a command and everything that it starts in its group; when this returns, all of it has ended.
pub(super) async fn run(
    spec: Spec,
    deadline: Instant,
    progress: &dyn Progress,
    cancel: &CancellationToken,
) -> Result<Ended, SpawnError> {
    let start = Instant::now();
    let Process { mut stdout, handle, .. } = spawn(spec).await?;
    let mut capture = Capture::new(progress);
    let mut chunk = [0; CHUNK];
    let mut open = true;
    let mut exit = None;
    let mut stopped = None;
    let mut killed = false;
    // At first when the command is asked to end, then when it is killed, then when its output is given up.
    let mut alarm = pin!(sleep_until(deadline));

    while exit.is_none() || open {
        tokio::select! {
            read = stdout.read(&mut chunk), if open => match read {
                Ok(0) => open = false,
                Ok(length) => capture.push(chunk.get(..length).unwrap_or_default()).await,
                Err(error) => {
                    capture.note(format!("the output cannot be read: {error}"));
                    open = false;
                }
            },
            ended = handle.wait(), if exit.is_none() => {
                exit = Some(ended);
                // Others of the group that were asked to end keep the time that they were given.
                if stopped.is_none() || killed {
                    alarm.as_mut().reset(Instant::now() + LINGER);
                }
            }
            () = cancel.cancelled(), if stopped.is_none() && exit.is_none() => {
                stopped = Some(Stopped::Aborted);
                handle.terminate();
                alarm.as_mut().reset(Instant::now() + KILL_AFTER);
            }
            () = alarm.as_mut() => {
                if exit.is_some() || killed {
                    break;
                }
                if stopped.is_none() {
                    stopped = Some(Stopped::TimedOut);
                    handle.terminate();
                    alarm.as_mut().reset(Instant::now() + KILL_AFTER);
                } else {
                    killed = true;
                    handle.kill();
                    alarm.as_mut().reset(Instant::now() + END);
                }
            }
        }
    }
    let took = start.elapsed();
    // Whoever comes late finds all of it, and nobody who holds it.
    open = open && !drain(&mut stdout, &mut capture, Duration::ZERO).await;
    // What is left of the group goes now.
    let reaped = timeout(END, handle.end()).await.ok();
    let exit = exit.or(reaped).unwrap_or(Exit::Code(-1));
    let held = open && !drain(&mut stdout, &mut capture, DRAIN).await;
    let output = capture.finish().await;
    Ok(Ended { output, exit, stopped, left_open: open && stopped.is_none(), held, took })
}

/// Reads what is still in the pipe, and says whether that was all: its end came before it stood still for so long.
async fn drain(stdout: &mut (impl AsyncRead + Unpin), capture: &mut Capture<'_>, patience: Duration) -> bool {
    let (mut chunk, mut left) = ([0; CHUNK], MAX_DRAIN);
    while left > 0 {
        // What can be read is read before the clock is looked at.
        match timeout(patience, stdout.read(&mut chunk)).await {
            Ok(Ok(0)) => return true,
            Ok(Ok(length)) => {
                left = left.saturating_sub(length);
                capture.push(chunk.get(..length).unwrap_or_default()).await;
            }
            Ok(Err(error)) => {
                capture.note(format!("the output cannot be read: {error}"));
                return true;
            }
            Err(_) => return false,
        }
    }
    false
}
