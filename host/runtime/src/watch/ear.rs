//! Hints of the file system that something may have changed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use notify::event::{AccessKind, AccessMode};
use notify::{ErrorKind, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;

use super::sight::Watched;

/// Directories that are listened to, at most: the system has a limit for all programs of a user together.
const DIRECTORIES: usize = 512;

/// Listens to directories, without what lies deeper in them.
pub(super) struct Ear {
    watcher: RecommendedWatcher,
    listening: BTreeMap<PathBuf, Identity>,
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
        Ok(Self { watcher, listening: BTreeMap::new(), hints })
    }

    /// Listens to these directories from now on, and says whether there are some among them that are new.
    ///
    /// # Errors
    /// Nothing can be listened to, or nothing more.
    pub(super) fn listen_to(&mut self, directories: &BTreeSet<PathBuf>) -> Result<bool, String> {
        let wanted: BTreeMap<_, _> = directories
            .iter()
            .take(DIRECTORIES)
            .filter_map(|path| Some((path.clone(), identity(path)?)))
            .collect();
        let mut is_wider = false;
        let before = std::mem::take(&mut self.listening);
        for path in before.keys().filter(|path| wanted.get(*path) != before.get(*path)) {
            // It may not be there any more, or another one may have its name.
            _ = self.watcher.unwatch(path);
        }
        for (path, identity) in wanted {
            if before.get(&path) != Some(&identity) {
                match self.watcher.watch(&path, RecursiveMode::NonRecursive) {
                    Ok(()) => is_wider = true,
                    Err(error) if matches!(error.kind, ErrorKind::MaxFilesWatch) => {
                        return Err(error.to_string());
                    }
                    // Gone again, or not to be read; it is tried again the next time.
                    Err(_) => continue,
                }
            }
            self.listening.insert(path, identity);
        }
        if self.listening.is_empty() {
            return Err("there is no directory that can be watched".to_owned());
        }
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

/// Tells a directory from another one that took its name. A number alone would not: it is given again.
type Identity = (u64, Option<SystemTime>);

fn identity(directory: &Path) -> Option<Identity> {
    let data = std::fs::metadata(directory).ok().filter(std::fs::Metadata::is_dir)?;
    #[cfg(unix)]
    let number = std::os::unix::fs::MetadataExt::ino(&data);
    #[cfg(not(unix))]
    let number = 0;
    Some((number, data.created().ok()))
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
