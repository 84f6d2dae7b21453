//! How one extension is started, the first time and after each crash.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::time::timeout;
use wharf_protocol::registration::{Occasion, Start};

use crate::backend::{Backend, Docking, Launch};
use crate::error::{ExtError, Fault, Stage};
use crate::extension::Extension;
use crate::inbound::{Inbound, LogSource};
use crate::limits::Deadlines;
use crate::permission::{DirectoryGrant, Grants};

/// No start takes longer than this, waiting for others to be compiled included; the backends keep shorter limits of
/// their own.
pub(crate) const START: Duration = Duration::from_secs(300);

/// Why it is started.
#[derive(Debug, Clone, Default)]
pub(crate) struct Why {
    pub(crate) occasion: Occasion,
    /// How it was lost, if that is why.
    pub(crate) loss: Option<String>,
}

/// An extension, its backend, and what it is told and given.
pub(crate) struct Launcher {
    pub(crate) extension: Extension,
    backend: Arc<dyn Backend>,
    /// What every extension is told, as of now.
    start: Arc<ArcSwap<Start>>,
    /// Its data directory, as the backend shows it.
    shown: Option<String>,
    pub(crate) grants: Arc<Grants>,
    data: PathBuf,
}

impl Launcher {
    /// `data` holds a directory for each extension that has none of its own.
    pub(crate) fn new(
        extension: Extension,
        backend: Arc<dyn Backend>,
        start: Arc<ArcSwap<Start>>,
        data: &std::path::Path,
    ) -> Self {
        let mut grants = Grants::none();
        let data = data.join(extension.id.as_str());
        let shown = backend.data_directory().map(str::to_owned);
        if let Some(guest) = &shown {
            let host = data.clone();
            grants.directories.push(DirectoryGrant { host, guest: guest.clone(), write: true });
        }
        Self { extension, backend, start, shown, grants: Arc::new(grants), data }
    }

    /// What counts as long as the extension has not told what it speaks.
    pub(crate) fn deadlines(&self) -> Deadlines {
        self.backend.deadlines(&self.extension)
    }

    /// Starts it once. Dropping this future leaves nothing running.
    pub(crate) async fn start(&self, inbound: Inbound, why: Why) -> Result<Docking, ExtError> {
        let work = async {
            let mut launch = self.launch(inbound).await;
            (launch.start.occasion, launch.start.loss) = (why.occasion, why.loss);
            self.backend.start(&self.extension, launch).await
        };
        match timeout(START, work).await {
            Ok(started) => started,
            Err(_) => {
                let fault = Fault::TimedOut { limit: START, while_busy: None };
                Err(fault.at(&self.extension.id, Stage::Start))
            }
        }
    }

    /// Its facts and rights. A directory that cannot be made is told, and the extension goes without it.
    async fn launch(&self, inbound: Inbound) -> Launch {
        let start = Start::clone(&self.start.load());
        let (grants, data) = (self.grants.clone(), self.data.clone());
        let Err((path, error)) = self.make_directories().await else {
            let start = Start { data_dir: self.shown.clone(), ..start };
            return Launch { start, grants, data, inbound };
        };
        let path = path.display();
        let text = format!("its data directory {path} cannot be made, it goes without: {error}");
        inbound.log(LogSource::Host, &text);
        let start = Start { data_dir: None, ..start };
        Launch { start, grants: Arc::new(Grants::none()), data, inbound }
    }

    async fn make_directories(&self) -> Result<(), (PathBuf, io::Error)> {
        for grant in &self.grants.directories {
            let host = grant.host.clone();
            // The disk may be far away.
            let made = tokio::task::spawn_blocking(move || std::fs::create_dir_all(host)).await;
            made.unwrap_or_else(|error| Err(io::Error::other(error)))
                .map_err(|error| (grant.host.clone(), error))?;
        }
        Ok(())
    }
}
