//! Switching extensions on and off: in the manifest of a folder, in `config.toml` for a file on its own.

use std::path::PathBuf;

use wharf_extensions::extension::Origin;
use wharf_extensions::install::InstallError;
use wharf_protocol::id::ExtensionId;

use crate::builder::{BuildError, Builder};
use crate::config;
use crate::places::Places;
use crate::survey::{Condition, Surveyed};

/// What switching an extension changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Switched {
    /// The files that say so now, and said something else before.
    pub changed: Vec<PathBuf>,
    /// Whether it was in quarantine, and is not any more.
    pub lifted: bool,
}

impl Builder {
    /// Switches an extension of the user's on, and lifts its quarantine; or off. Every one of that name is meant. Blocks.
    ///
    /// # Errors
    /// [`BuildError::Install`]: there is none, or a file cannot be read or written.
    pub fn switch(self, name: &ExtensionId, on: bool) -> Result<Switched, BuildError> {
        let places = self.places.clone().map_or_else(Places::from_env, Ok)?;
        let survey = self.places(places.clone()).survey()?;
        let lifted = on && Builder::default().places(places.clone()).lift_quarantine(name)?;
        let named = survey.extensions.into_iter().filter(|surveyed| surveyed.name == name.as_str());
        let named: Vec<Surveyed> = named.filter(|surveyed| surveyed.scope == Origin::User).collect();
        // Whoever switches a guard off lets go of what it guarded, also when it is not there any more.
        let forgotten = !on && places.forget_guard(name)?;
        if named.is_empty() && !lifted && !forgotten {
            let what =
                format!("there is no extension \"{name}\" in the user's directories; see `wharf ext list`");
            return Err(InstallError::Told(what).into());
        }
        let mut switched = Switched { lifted, ..Switched::default() };
        let shelf = places.shelf();
        for surveyed in &named {
            // Without a version and a kind it could not be read.
            if let (Condition::Broken, None, Some(why)) = (surveyed.state, surveyed.backend, &surveyed.why) {
                if forgotten {
                    continue;
                }
                return Err(InstallError::Told(why.clone()).into());
            }
            if !surveyed.is_file && shelf.switch(name, &surveyed.path, on)? {
                switched.changed.push(surveyed.path.join("extension.json"));
            }
        }
        // A name that the configuration switches off is off wherever it lies.
        if on || named.iter().any(|surveyed| surveyed.is_file) {
            let file = places.config_file();
            let change = || {
                config::switch(&file, name.as_str(), on)
                    .map_err(|error| InstallError::Told(error.to_string()))
            };
            if shelf.alone(change)? {
                switched.changed.push(file);
            }
        }
        Ok(switched)
    }
}
