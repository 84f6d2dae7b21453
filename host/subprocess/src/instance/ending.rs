//! The end of the process: asked for politely, and then not.

use tokio::time::timeout;
use wharf_extensions::error::seconds;
use wharf_protocol::frame::ToExtension;

use crate::terms::Timing;

use super::Subprocess;

impl Subprocess {
    /// Ends it at once, and waits until nothing is left of it.
    pub(crate) async fn kill(&self) {
        self.stopped
            .get_or_init(async || {
                self.peer.stopping();
                self.reap().await;
            })
            .await;
    }

    pub(super) async fn end(&self) {
        if self.peer.stopping() {
            let shutdown = self.peer.encode(&ToExtension::Shutdown).ok();
            if self.peer.version() >= 2 && shutdown.is_some() {
                // What it writes down at its end has to be replied to.
                _ = shutdown.map(|line| self.peer.outbox.answer(line));
            } else {
                self.peer.outbox.close(shutdown);
            }
            self.part().await;
            self.peer.outbox.close(None);
        }
        self.reap().await;
        if let Some(exit) = self.process.exited() {
            self.peer.log(&format!("stopped: {exit}"));
        }
    }

    /// Waits until the process has ended, ever less politely.
    async fn part(&self) {
        let Timing { polite, terminate, .. } = self.timing;
        if timeout(polite, self.process.wait()).await.is_ok() {
            return;
        }
        self.peer.log(&format!("it did not end within {}: SIGTERM", seconds(polite)));
        self.process.terminate();
        if timeout(terminate, self.process.wait()).await.is_err() {
            self.peer.log(&format!("it did not end within {} of SIGTERM: SIGKILL", seconds(terminate)));
        }
    }

    /// Kills what is left of the group and waits until the process is reaped and its pipes are read to the end.
    async fn reap(&self) {
        // A process that is stuck in the kernel is not waited for.
        let _ = timeout(self.timing.terminate, self.process.end()).await;
        let _ = timeout(self.timing.drain * 2, self.peer.dead.cancelled()).await;
        self.serving.abort();
    }
}

impl Drop for Subprocess {
    fn drop(&mut self) {
        self.process.kill();
        self.serving.abort();
    }
}
