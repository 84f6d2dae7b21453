//! Work that may take a while, off the threads that others wait for.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::block_in_place;

/// Does work on a thread of its own and waits for it, at most so long. What takes longer goes on there, and nobody waits
/// for it, also not at the end of the program; nothing comes of it then.
pub(super) fn within<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (sender, receiver) = mpsc::sync_channel(1);
    let work = move || _ = sender.send(work());
    thread::Builder::new().name("schema".to_owned()).spawn(work).ok()?;
    aside(|| receiver.recv_timeout(limit).ok())
}

/// Does work that blocks. The other tasks of a runtime's thread go on elsewhere meanwhile.
pub(crate) fn aside<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => block_in_place(work),
        _ => work(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_too_long_is_not_waited_for() {
        let (release, held) = mpsc::channel::<()>();
        assert_eq!(within(Duration::from_millis(1), move || held.recv()), None);
        drop(release);
        assert_eq!(within(Duration::from_secs(60), || 7), Some(7));
    }
}
