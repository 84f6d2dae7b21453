//! What is installed, without starting anything.

use serde::Serialize;
use wharf_extensions::discovery;
use wharf_extensions::listing::{Listing, State};
use wharf_extensions::quarantine::Quarantine;
use wharf_protocol::id::ExtensionId;

use crate::builder::{BuildError, Builder};
use crate::places::Places;

/// What was found in the user's and the project's directories.
#[derive(Debug, Clone, Serialize)]
pub struct Survey {
    /// Extensions that would be started, and those that are switched off.
    pub extensions: Vec<Listing>,
    /// Paths of the project's, which are not started without trust.
    pub inert: Vec<String>,
    /// What cannot be used, and what is odd.
    pub problems: Vec<String>,
}

impl Builder {
    /// Looks, and starts nothing.
    ///
    /// # Errors
    /// No home directory, or a working directory that cannot be used.
    pub fn survey(self) -> Result<Survey, BuildError> {
        let places = self.places.clone().map_or_else(Places::from_env, Ok)?;
        let cwd = crate::assembly::working_directory(self.cwd.as_deref())?;
        let found = discovery::discover(&discovery::Places {
            explicit: self.explicit.clone(),
            user: places.user_extensions(),
            project: Places::project_extensions(&cwd),
            trust: self.trust,
        });
        let recollection = crate::assembly::history(&places).recall(&found.extensions);
        let enabled = found.extensions.iter().zip(&recollection.pasts).map(|(extension, past)| {
            let state = match &past.quarantined {
                Some(entry) => State::Quarantined(entry.fault().to_string()),
                None => State::Found,
            };
            Listing::new(extension, state, None)
        });
        let disabled = found.disabled.iter().map(|extension| Listing::new(extension, State::Disabled, None));
        let problems = found.problems.into_iter().map(|problem| problem.message);
        Ok(Survey {
            extensions: enabled.chain(disabled).collect(),
            inert: found.inert.iter().map(|path| path.display().to_string()).collect(),
            problems: problems.chain(recollection.problems).collect(),
        })
    }

    /// Lifts the quarantine of an extension, and says whether it was in quarantine.
    ///
    /// # Errors
    /// No home directory, or a list that cannot be read or written.
    pub fn lift_quarantine(self, extension: &ExtensionId) -> Result<bool, BuildError> {
        let places = self.places.map_or_else(Places::from_env, Ok)?;
        Ok(Quarantine::new(places.quarantine()).lift(extension)?)
    }
}
