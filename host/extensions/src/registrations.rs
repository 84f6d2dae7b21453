//! The last registration of each extension, kept across runs: it lets an extension start when it is first needed, and
//! lets a guard that is broken today still close what it guarded.

use serde::{Deserialize, Serialize};
use wharf_protocol::id::ExtensionId;
use wharf_protocol::registration::Registration;

use crate::digest::Digest;
use crate::vault::{Vault, VaultError};

/// The registrations, in a vault of their own.
pub struct Registrations {
    vault: Vault,
}

/// What an extension registered when it last started well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remembered {
    /// What it was made of.
    pub digest: Digest,
    /// What it registered.
    pub registration: Registration,
}

impl Registrations {
    /// Keeps them there.
    #[must_use]
    pub fn new(vault: Vault) -> Self {
        Self { vault }
    }

    /// What is known of an extension. Blocks. What cannot be read is not known.
    #[must_use]
    pub fn get(&self, extension: &ExtensionId) -> Option<Remembered> {
        serde_json::from_slice(&self.vault.get(&entry(extension))?).ok()
    }

    /// Keeps it in place of what was known. Blocks.
    ///
    /// # Errors
    /// [`VaultError`]
    pub fn put(&self, extension: &ExtensionId, remembered: &Remembered) -> Result<(), VaultError> {
        let text = serde_json::to_vec(remembered).unwrap_or_default();
        self.vault.put(&entry(extension), &text)
    }
}

fn entry(extension: &ExtensionId) -> String {
    format!("{extension}.registration")
}
