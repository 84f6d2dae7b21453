//! Looking for extensions: at the start, and in the same way whenever it is done again.

use std::path::Path;
use std::time::Duration;

use tokio::time::timeout;
use wharf_extensions::discovery::{self, Discovery};
use wharf_extensions::history::{History, Recollection};

use crate::builder::Builder;
use crate::places::Places;

/// How long looking for extensions may take: a directory may lie on a disk that does not answer.
const DISCOVERY: Duration = Duration::from_secs(10);

/// Where to look, and where what is known of earlier runs is kept.
#[derive(Clone)]
pub(crate) struct Search {
    pub(crate) places: discovery::Places,
    history: History,
}

impl Search {
    pub(crate) fn new(builder: &Builder, places: &Places, cwd: &Path, history: History) -> Self {
        let mut where_to = discovery::Places {
            explicit: builder.explicit.clone(),
            trust: builder.trust,
            switched_off: builder.config.switched_off(),
            ..discovery::Places::default()
        };
        if builder.discover {
            where_to.user = places.user_extensions();
            where_to.project = Places::project_extensions(cwd);
        }
        Self { places: where_to, history }
    }

    /// Looks, away from the runtime's threads.
    ///
    /// # Errors
    /// Why there was no end to it.
    pub(crate) async fn look(&self) -> Result<(Discovery, Recollection), String> {
        let places = self.places.clone();
        self.with(move |found, history| {
            let recollection = history.recall(&found, &places);
            (found, recollection)
        })
        .await
    }

    /// Looks, and does something with what was found, also away from the runtime's threads.
    ///
    /// # Errors
    /// Why there was no end to it.
    pub(crate) async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(Discovery, &History) -> T + Send + 'static,
    ) -> Result<T, String> {
        let Self { places, history } = self.clone();
        let looking = tokio::task::spawn_blocking(move || work(discovery::discover(&places), &history));
        match timeout(DISCOVERY, looking).await {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("no end within {} s", DISCOVERY.as_secs())),
        }
    }
}
