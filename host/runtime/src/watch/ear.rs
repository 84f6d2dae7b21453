//! Hints of the file system that something may have changed.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;

use super::sight::Watched;

/// Directories that are listened to, at most: the system has a limit for all programs of a user together.
const DIRECTORIES: usize = 512;

/// Listens to directories, without what lies deeper in them.
pub(super) struct Ear {
    watcher: RecommendedWatcher,
    listening: BTreeSet<PathBuf>,
    /// One that waits stands for all.
    hints: mpsc::Receiver<()>,
}

impl Ear {
    /// Listens to nothing yet.
    pub(super) fn new(watched: Arc<Watched>) -> notify::Result<Self> {
        let (sender, hints) = mpsc::channel(1);
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            let is_hint = match event {
                Ok(event) => {
                    is_change(&event)
                        && (event.paths.is_empty() || event.paths.iter().any(|path| watched.matters(path)))
                }
                // Something was missed.
                Err(_) => true,
            };
            if is_hint {
                // A hint waits already.
                _ = sender.try_send(());
            }
        })?;
        Ok(Self { watcher, listening: BTreeSet::new(), hints })
    }

    /// Listens to these directories from now on, and says whether there are some among them that are new.
    pub(super) fn listen_to(&mut self, directories: &BTreeSet<PathBuf>) -> notify::Result<bool> {
        let wanted: BTreeSet<_> = directories.iter().take(DIRECTORIES).cloned().collect();
        for gone in self.listening.difference(&wanted) {
            // It may not be there any more.
            _ = self.watcher.unwatch(gone);
        }
        let mut is_wider = false;
        for new in wanted.difference(&self.listening) {
            match self.watcher.watch(new, RecursiveMode::NonRecursive) {
                Ok(()) => is_wider = true,
                // Gone again; its parent tells when it comes back.
                Err(error) if matches!(error.kind, notify::ErrorKind::PathNotFound) => {}
                Err(error) => return Err(error),
            }
        }
        self.listening = wanted;
        Ok(is_wider)
    }

    /// Waits for a hint; false: none will come any more.
    pub(super) async fn hint(&mut self) -> bool {
        self.hints.recv().await.is_some()
    }

    /// Everything is about to be looked at: the hints so far have served.
    pub(super) fn forget(&mut self) {
        while self.hints.try_recv().is_ok() {}
    }
}

/// Reading is none: looking reads too.
fn is_change(event: &Event) -> bool {
    match event.kind {
        EventKind::Access(kind) => kind == AccessKind::Close(AccessMode::Write),
        EventKind::Any
        | EventKind::Create(_)
        | EventKind::Modify(_)
        | EventKind::Remove(_)
        | EventKind::Other => true,
    }
}
