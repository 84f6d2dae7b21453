//! Watching the user's extensions while the agent runs.
//!
//! What is dropped into the directory docks, and what is taken away undocks, when no prompt is in progress. Events of
//! the file system are hints only: at each, what is there is looked at, and what counts is its content, once it has
//! stayed the same for a moment.
//!
//! | module | what |
//! |---|---|
//! | `ear` | hints of the file system |
//! | `beside` | what a script that is written probably imports |
//! | `sight` | what is watched, and what is there at one moment |
//! | `inventory` | what was there before, and what follows |

mod beside;
mod ear;
mod inventory;
mod sight;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::{sleep, timeout};
use wharf_extensions::discovery::Discovery;
use wharf_extensions::reload::{Change, What, Which};
use wharf_ports::event::{AgentEvent, EventSink};
use wharf_protocol::notice::Level;
use wharf_protocol::text::harmless_line;

use crate::handle::{Inner, Wharf};
use crate::search::Search;
use ear::Ear;
use inventory::{Inventory, News};
use sight::{Sight, Watched};

/// What is told at once is looked at together.
const QUIET: Duration = Duration::from_millis(200);
/// How long reading what is there at the start may take.
const READING: Duration = Duration::from_secs(10);
/// What goes on changing is looked at ever less often, down to this.
const RARELY: Duration = Duration::from_secs(5);
/// How long the next prompt waits for what docks or undocks.
const PATIENCE: Duration = Duration::from_secs(3);
/// Longest notice, in bytes; the rest is cut off.
const NOTICE: usize = 4 << 10;

/// What happens when extensions change while the agent runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum WatchMode {
    /// Nothing, and nothing is watched.
    #[default]
    Off,
    /// In the user's directory, what is new docks and what is gone undocks; what has changed is told.
    Announce,
    /// The same, and what has changed is loaded anew, also what was named with [`crate::Builder::extension`]. For
    /// those who write extensions.
    Reload,
}

/// What is needed to watch.
pub(crate) struct Watch {
    mode: WatchMode,
    watched: Arc<Watched>,
    /// What was there at the start: everything else is news.
    first: Sight,
}

impl Watch {
    /// Reads the content of what was found at the start. `directory` is the user's.
    ///
    /// # Errors
    /// Why there was no end to it.
    pub(crate) async fn prepare(
        mode: WatchMode,
        directory: Option<PathBuf>,
        search: &Search,
        found: Discovery,
    ) -> Result<Self, String> {
        let explicit = if mode == WatchMode::Reload { search.places.explicit.clone() } else { Vec::new() };
        let reading = tokio::task::spawn_blocking(move || {
            let watched = Watched::new(directory.as_deref(), &explicit);
            let first = Sight::of(found, &watched);
            (Arc::new(watched), first)
        });
        match timeout(READING, reading).await {
            Ok(Ok((watched, first))) => Ok(Self { mode, watched, first }),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("no end within {} s", READING.as_secs())),
        }
    }

    /// Watches until the agent ends.
    pub(crate) fn begin(self, wharf: &Wharf) {
        let inner = &wharf.0;
        let (closing, search, agent) =
            (inner.tokens.closing().clone(), inner.parts.search.clone(), Arc::downgrade(inner));
        tokio::spawn(async move {
            let work = async {
                if let Err(why) = self.watch(&agent, search).await {
                    let text = format!("extensions are not watched: {why}; load changes with /reload-ext");
                    if let Some(inner) = agent.upgrade() {
                        notice(&inner, Level::Warn, &text).await;
                    }
                }
            };
            tokio::select! {
                biased;
                () = closing.cancelled() => {}
                () = work => {}
            }
        });
    }

    /// Returns when watching is not possible, or the agent is gone.
    async fn watch(self, agent: &Weak<Inner>, search: Search) -> Result<(), String> {
        let Self { mode, watched, first } = self;
        let mut ear = Ear::new(watched.clone()).map_err(|error| error.to_string())?;
        ear.listen_to(&first.directories)?;
        let mut inventory = Inventory::new(first);
        loop {
            let mut pause = QUIET;
            loop {
                sleep(pause).await;
                ear.forget();
                // A disk that does not answer now may do so later; there will be another hint.
                let Ok(sight) = look(&search, &watched).await else { break };
                // What was written into a directory before it was listened to gave no hint.
                let is_wider = ear.listen_to(&sight.directories)?;
                let (news, is_settled) = inventory.compare(sight);
                let Some(inner) = agent.upgrade() else { return Ok(()) };
                follow(&inner, mode, &news).await;
                if is_settled && !is_wider {
                    break;
                }
                pause = (pause * 2).min(RARELY);
            }
            if !ear.hint().await {
                return Err("the system has stopped telling of changes".to_owned());
            }
        }
    }
}

async fn look(search: &Search, watched: &Arc<Watched>) -> Result<Sight, String> {
    let watched = watched.clone();
    search.with(move |found, _| Sight::of(found, &watched)).await
}

/// Tells the news, and does what follows when no prompt is in progress.
async fn follow(inner: &Arc<Inner>, mode: WatchMode, news: &News) {
    let when = "when no prompt is in progress";
    let mut notices = Vec::new();
    for id in &news.arrived {
        notices.push((Level::Info, format!("extension \"{id}\" was added; it docks {when}")));
    }
    for id in &news.gone {
        notices.push((Level::Info, format!("extension \"{id}\" was removed; it undocks {when}")));
    }
    for id in &news.changed {
        let then = match mode {
            WatchMode::Reload => format!("it is loaded anew {when}"),
            WatchMode::Off | WatchMode::Announce => format!("/reload-ext {id} loads it anew"),
        };
        notices.push((Level::Info, format!("extension \"{id}\" has changed; {then}")));
    }
    notices.extend(news.broken.iter().map(|message| (Level::Warn, message.clone())));
    for (level, text) in notices {
        notice(inner, level, &text).await;
    }
    let anew = if mode == WatchMode::Reload { news.changed.clone() } else { Vec::new() };
    if !(news.arrived.is_empty() && news.gone.is_empty() && anew.is_empty()) {
        for change in reload(inner, &Which::These(anew)).await {
            let (level, text) = told(&change);
            notice(inner, level, &text).await;
        }
    }
}

/// At an idle point. The next prompt waits for it a moment.
async fn reload(inner: &Arc<Inner>, which: &Which) -> Vec<Change> {
    inner.ready().await;
    let idle = inner.transcript.lock().await;
    let mut reload = std::pin::pin!(inner.parts.reload_those(which));
    tokio::select! {
        biased;
        changes = &mut reload => return changes,
        () = sleep(PATIENCE) => drop(idle),
    }
    reload.await
}

fn told(change: &Change) -> (Level, String) {
    let name = &change.name;
    match &change.what {
        What::Docked => (Level::Success, format!("extension \"{name}\" has docked")),
        What::Replaced => (Level::Success, format!("extension \"{name}\" was loaded anew")),
        What::Undocked => (Level::Success, format!("extension \"{name}\" has undocked")),
        What::Failed(why) => (Level::Error, why.clone()),
    }
}

async fn notice(inner: &Inner, level: Level, text: &str) {
    inner.parts.bus.emit(AgentEvent::Notice { level, message: harmless_line(text, NOTICE) }).await;
}

/// A directory as the file system calls it, made if it is not there.
fn made(directory: &Path) -> PathBuf {
    // If it cannot be made, listening to it says so.
    _ = std::fs::create_dir_all(directory);
    directory.canonicalize().unwrap_or_else(|_| directory.to_owned())
}
