//! What is known of extensions from earlier runs: their registrations, and who is in quarantine.

use std::sync::Arc;

use wharf_protocol::hook::HookSpec;
use wharf_protocol::registration::Registration;

use crate::digest::Digest;
use crate::discovery::{Discovery, Places};
use crate::extension::{Extension, Program};
use crate::quarantine::{Entry, Quarantine};
use crate::registrations::{Registrations, Remembered};
use crate::watchmen::{Missing, Watchmen};

/// Where it is kept. An embedder may go without.
#[derive(Clone, Default)]
pub struct History {
    /// Who crashed too often.
    pub quarantine: Option<Arc<Quarantine>>,
    /// Who registered what.
    pub registrations: Option<Arc<Registrations>>,
    /// Who guarded what.
    pub watchmen: Option<Arc<Watchmen>>,
}

/// What is known of one extension.
#[derive(Debug, Clone, Default)]
pub struct Past {
    /// Why it is not started.
    pub quarantined: Option<Entry>,
    /// What exactly this content registered when it last started well, or what its manifest tells completely.
    pub registration: Option<Registration>,
    /// What it, or an earlier version of it, registered when it last started well.
    pub last: Option<Registration>,
}

/// What was recalled, and what could not be: one line each.
#[derive(Debug, Default)]
pub struct Recollection {
    /// In the order of the extensions.
    pub pasts: Vec<Past>,
    /// Guards that should be there and are not.
    pub missing: Vec<Missing>,
    /// What the user should know.
    pub problems: Vec<String>,
}

impl History {
    /// Recalls what is known of what was found in these places. Blocks.
    #[must_use]
    pub fn recall(&self, found: &Discovery, places: &Places) -> Recollection {
        let mut problems = Vec::new();
        let entries = match self.quarantine.as_deref().map(Quarantine::entries) {
            Some(Ok(entries)) => entries,
            Some(Err(error)) => {
                problems.push(error.to_string());
                Vec::new()
            }
            None => Vec::new(),
        };
        let watchmen = match self.watchmen.as_deref().map(Watchmen::entries) {
            Some(Ok(watchmen)) => watchmen,
            Some(Err(error)) => {
                problems.push(error.to_string());
                Vec::new()
            }
            None => Vec::new(),
        };
        let pasts = found.extensions.iter().map(|extension| {
            let mut past = self.registered(extension);
            past.quarantined = Quarantine::holding(&entries, extension).cloned();
            if let Some(watchman) = watchmen.iter().find(|watchman| watchman.is(extension)) {
                let hooks = &mut past.last.get_or_insert_default().hooks;
                hooks.extend(watchman.hooks.iter().cloned());
            }
            past
        });
        let pasts = pasts.collect();
        let missing = self.watchmen.as_deref().map(|list| list.missing(watchmen, found, places));
        Recollection { pasts, missing: missing.unwrap_or_default(), problems }
    }

    /// What it registers, without starting it. Of what zot's manifests describe nothing is known: who wrote such an
    /// extension counts on its being started.
    fn registered(&self, extension: &Extension) -> Past {
        if let Some(declared) = complete(extension) {
            return Past { registration: Some(declared), ..Past::default() };
        }
        let all = self.registrations.as_deref().filter(|_| is_remembered(extension));
        let Some(Remembered { digest, registration }) = all.and_then(|all| all.get(&extension.id)) else {
            return Past::default();
        };
        let same = extension.digest().is_ok_and(|now| now == digest);
        Past { quarantined: None, registration: same.then(|| registration.clone()), last: Some(registration) }
    }

    /// Remembers what an extension registered, if that is news. Blocks.
    ///
    /// # Errors
    /// Why it could not be kept.
    pub(crate) fn remember(&self, extension: &Extension, registration: &Registration) -> Result<(), String> {
        let wanted = is_remembered(extension) && complete(extension).is_none();
        let Some(registrations) = self.registrations.as_deref().filter(|_| wanted) else { return Ok(()) };
        let digest = extension.digest().map_err(|error| error.to_string())?;
        let remembered = Remembered { digest, registration: registration.clone() };
        if registrations.get(&extension.id).as_ref() == Some(&remembered) {
            return Ok(());
        }
        registrations.put(&extension.id, &remembered).map_err(|error| error.to_string())
    }

    /// Puts an extension into quarantine. Blocks.
    ///
    /// # Errors
    /// Why it could not be kept: it counts for this run alone then.
    pub(crate) fn confine(
        &self,
        extension: &Extension,
        why: String,
        hooks: Vec<HookSpec>,
    ) -> Result<(), String> {
        let Some(quarantine) = self.quarantine.as_deref() else { return Ok(()) };
        let digest: Digest = extension.digest().map_err(|error| error.to_string())?;
        let since = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let entry = Entry { name: extension.id.clone(), digest, since, why, hooks };
        quarantine.put(entry).map_err(|error| error.to_string())
    }
}

/// What its manifest says, if that is all that the model and the user see of it.
fn complete(extension: &Extension) -> Option<Registration> {
    let declared = extension.manifest.declared()?;
    let told = declared.tools.iter().all(|tool| !tool.description.is_empty());
    (told && declared != Registration::new()).then_some(declared)
}

/// Whether anything is gained by it. What a program registers says nothing of what else it does when it is started, and
/// whoever wrote it for zot counts on its being started.
fn is_remembered(extension: &Extension) -> bool {
    matches!(extension.program, Program::Component { .. })
}
