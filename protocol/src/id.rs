//! Names, checked once: where they are parsed and where they are deserialised.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::error::NameError;

/// Longest extension name, in bytes.
pub const MAX_EXTENSION_NAME: usize = 64;
/// Longest tool or command name, in bytes (model providers refuse longer tool names).
pub const MAX_REGISTERED_NAME: usize = 64;

/// The name of an extension: the one identity under which it is listed, logged, granted rights and blamed.
///
/// One to 64 characters of `A-Z a-z 0-9 . _ -`, the first of them a letter or a digit, so that it is safe as a
/// file name. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ExtensionId(Arc<str>);

impl ExtensionId {
    /// Checks a name.
    ///
    /// # Errors
    /// [`NameError`] tells which rule the name breaks.
    pub fn new(name: &str) -> Result<Self, NameError> {
        check(name, MAX_EXTENSION_NAME, "._-")?;
        if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return Err(NameError::Start(name.to_owned()));
        }
        Ok(Self(name.into()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Checks the name of a tool or a command: 1 to 64 characters of `A-Z a-z 0-9 _ -`.
///
/// # Errors
/// [`NameError`] tells which rule the name breaks.
pub fn check_registered_name(name: &str) -> Result<(), NameError> {
    check(name, MAX_REGISTERED_NAME, "_-")
}

fn check(name: &str, limit: usize, punctuation: &'static str) -> Result<(), NameError> {
    if name.is_empty() {
        return Err(NameError::Empty);
    }
    if name.len() > limit {
        return Err(NameError::TooLong { length: name.len(), limit });
    }
    match name.chars().find(|c| !c.is_ascii_alphanumeric() && !punctuation.contains(*c)) {
        Some(character) => Err(NameError::Character { name: name.to_owned(), character, punctuation }),
        None => Ok(()),
    }
}

impl fmt::Display for ExtensionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for ExtensionId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for ExtensionId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ExtensionId {
    type Error = NameError;

    fn try_from(name: String) -> Result<Self, NameError> {
        Self::new(&name)
    }
}

impl From<ExtensionId> for String {
    fn from(id: ExtensionId) -> Self {
        id.0.as_ref().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_could_leave_a_directory_is_refused() {
        for bad in ["", ".", "..", "../x", "a/b", "a\\b", "-x", ".x", "a b", "é", &"x".repeat(65)] {
            assert!(ExtensionId::new(bad).is_err(), "{bad:?}");
        }
        for good in ["guard", "x", "2fa", "a.b_c-d", &"x".repeat(64)] {
            assert!(ExtensionId::new(good).is_ok(), "{good:?}");
        }
    }

    #[test]
    fn the_check_runs_when_deserialising_too() {
        assert!(serde_json::from_str::<ExtensionId>("\"../etc\"").is_err());
        assert_eq!(serde_json::from_str::<ExtensionId>("\"ok\"").unwrap().as_str(), "ok");
    }
}
