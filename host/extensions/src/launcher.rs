//! How one extension is started, the first time and after each crash.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

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
    start: Start,
    pub(crate) grants: Arc<Grants>,
    data: PathBuf,
}

impl Launcher {
    /// `data` holds a directory for each extension that has none of its own.
    pub(crate) fn new(
        extension: Extension,
        backend: Arc<dyn Backend>,
        mut start: Start,
        data: &std::path::Path,
    ) -> Self {
        let mut grants = Grants::none();
        let data = data.join(extension.id.as_str());
        if let Some(guest) = backend.data_directory() {
            let host = data.clone();
            grants.directories.push(DirectoryGrant { host, guest: guest.to_owned(), write: true });
            start.data_dir = Some(guest.to_owned());
        }
        Self { extension, backend, start, grants: Arc::new(grants), data }
    }

    /// What counts as long as the extension has not told what it speaks.
    pub(crate) fn deadlines(&self) -> Deadlines {
        self.backend.deadlines(&self.extension)
    }

    /// Starts it once. Dropping this future leaves nothing running.
    pub(crate) async fn start(&self, inbound: Inbound, why: Why) -> Result<Docking, ExtError> {
        let mut launch = self.launch(inbound);
        (launch.start.occasion, launch.start.loss) = (why.occasion, why.loss);
        match timeout(START, self.backend.start(&self.extension, launch)).await {
            Ok(started) => started,
            Err(_) => {
                let fault = Fault::TimedOut { limit: START, while_busy: None };
                Err(fault.at(&self.extension.id, Stage::Start))
            }
        }
    }

    /// Its facts and rights. A directory that cannot be made is told, and the extension goes without it.
    fn launch(&self, inbound: Inbound) -> Launch {
        let made = |host: &PathBuf| std::fs::create_dir_all(host);
        let failed = self.grants.directories.iter().find_map(|grant| Some((grant, made(&grant.host).err()?)));
        let Some((grant, error)) = failed else {
            let (start, grants) = (self.start.clone(), self.grants.clone());
            return Launch { start, grants, data: self.data.clone(), inbound };
        };
        let path = grant.host.display();
        let text = format!("its data directory {path} cannot be made, it goes without: {error}");
        inbound.log(LogSource::Host, &text);
        let start = Start { data_dir: None, ..self.start.clone() };
        Launch { start, grants: Arc::new(Grants::none()), data: self.data.clone(), inbound }
    }
}
