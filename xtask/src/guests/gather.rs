//! Putting what was built into the folder of guests.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// The first bytes of a component: the magic number, version 13, layer 1.
const COMPONENT: [u8; 8] = *b"\0asm\x0d\0\x01\0";

/// Copies a component, if it is one.
pub fn component(from: &Path, to: &Path) -> Result<()> {
    let bytes = fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
    if !bytes.starts_with(&COMPONENT) {
        bail!("{} is not a WebAssembly component", from.display());
    }
    file(from, to)
}

/// Copies what differs. By way of a second name, since a program that is running cannot be written over.
pub fn file(from: &Path, to: &Path) -> Result<()> {
    let built = fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
    if fs::read(to).is_ok_and(|present| present == built) {
        return Ok(());
    }
    let name = to.file_name().unwrap_or_default().to_string_lossy();
    let fresh = to.with_file_name(format!(".{name}.{}", std::process::id()));
    fs::copy(from, &fresh)
        .with_context(|| format!("cannot copy {} to {}", from.display(), fresh.display()))?;
    fs::rename(&fresh, to).with_context(|| format!("cannot write {}", to.display()))
}
