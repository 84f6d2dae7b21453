//! Switching an extension on and off in its manifest, whose other text stays as it is.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use serde_json::value::RawValue;
use wharf_protocol::id::ExtensionId;

use super::stage::guard;
use super::tree;
use super::{InstallError, Shelf};
use crate::manifest::MAX_BYTES;

impl Shelf {
    /// Does something while nobody else installs, removes or switches.
    ///
    /// # Errors
    /// Another program keeps the directory locked, or what `work` says.
    pub fn alone<T>(&self, work: impl FnOnce() -> Result<T, InstallError>) -> Result<T, InstallError> {
        let _guard = if self.directory.is_dir() { Some(guard(&self.directory)?) } else { None };
        work()
    }

    /// Switches the extension in a folder on or off, and says whether it was otherwise before. If it was as it is
    /// written down in the lock file, it is so afterwards. Blocks.
    ///
    /// # Errors
    /// Its manifest cannot be read or written.
    pub fn switch(&self, name: &ExtensionId, folder: &Path, on: bool) -> Result<bool, InstallError> {
        self.alone(|| {
            let entry = self.lock.read()?.into_iter().find(|entry| entry.name == *name);
            let digest = || tree::walk(folder).and_then(|entries| tree::digest(&entries)).ok();
            let known = entry.filter(|entry| digest().is_some_and(|now| now.to_string() == entry.sha256));
            let changed = switch_manifest(&folder.join("extension.json"), on)?;
            if let (true, Some(mut entry), Some(now)) = (changed, known, digest()) {
                entry.sha256 = now.to_string();
                self.lock.put(entry)?;
            }
            Ok(changed)
        })
    }
}

pub(super) fn switch_manifest(file: &Path, on: bool) -> Result<bool, InstallError> {
    // What a link leads to is changed, not the link.
    let file = file.canonicalize().map_err(InstallError::at(file))?;
    let switched = || -> io::Result<bool> {
        let text = fs::read_to_string(&file)?;
        if text.len() > MAX_BYTES {
            return Err(io::Error::other("the manifest is too large"));
        }
        let Some(text) = switched(&text, on)? else { return Ok(false) };
        let directory = file.parent().unwrap_or(Path::new("."));
        let mut fresh = tempfile::Builder::new().prefix(".extension.json-").tempfile_in(directory)?;
        fresh.write_all(text.as_bytes())?;
        fresh.as_file().set_permissions(fs::metadata(&file)?.permissions())?;
        fresh.as_file().sync_all()?;
        fresh.persist(&file)?;
        Ok(true)
    };
    switched().map_err(InstallError::at(&file))
}

/// The text with its key `enabled` changed, or with one more key; nothing if it says so already.
fn switched(text: &str, on: bool) -> io::Result<Option<String>> {
    let keys: BTreeMap<String, &RawValue> = serde_json::from_str(text)?;
    let now = keys.get("enabled").map(|value| value.get());
    if now.unwrap_or("true") == on.to_string() || (on && now == Some("null")) {
        return Ok(None);
    }
    if let Some(value) = now {
        // The value is a part of the text.
        let start = (value.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
        let around = (text.get(..start), text.get(start + value.len()..));
        let (Some(before), Some(after)) = around else {
            return Err(io::Error::other("it cannot be changed"));
        };
        return Ok(Some(format!("{before}{on}{after}")));
    }
    let Some((inner, end)) = text.rsplit_once('}') else { return Err(io::Error::other("it is no object")) };
    let first = inner.trim_start().strip_prefix('{').unwrap_or_default();
    let indent = first.get(..first.len() - first.trim_start().len()).unwrap_or_default();
    let (kept, space) = (inner.trim_end(), if indent.is_empty() { "" } else { " " });
    let last = inner.get(kept.len()..).unwrap_or_default();
    let comma = if keys.is_empty() { "" } else { "," };
    Ok(Some(format!("{kept}{comma}{indent}\"enabled\":{space}{on}{last}}}{end}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn switch(text: &str, on: bool) -> Option<String> {
        switched(text, on).unwrap()
    }

    #[test]
    fn all_else_stays_as_it_is() {
        let text = "{\n  \"name\": \"x\",\n  \"odd\" : [1,  2]\n}\n";
        let off = "{\n  \"name\": \"x\",\n  \"odd\" : [1,  2],\n  \"enabled\": false\n}\n";
        assert_eq!(switch(text, false).as_deref(), Some(off));
        assert_eq!(switch(off, true).unwrap(), off.replace("false", "true"));
        assert_eq!(switch(off, false), None);
        assert_eq!(switch(text, true), None);
        assert_eq!(switch(r#"{"name":"x"}"#, false).as_deref(), Some(r#"{"name":"x","enabled":false}"#));
        let inner = r#"{"enabled": null, "x": {"enabled": true}}"#;
        assert_eq!(switch(inner, false).unwrap(), inner.replace("null", "false"));
        assert_eq!(switch(inner, true), None);
    }

    #[test]
    fn what_is_no_object_is_left_alone() {
        for text in ["", "[]", "{", "{} {}"] {
            assert!(switched(text, false).is_err(), "{text}");
        }
    }
}
