//! `wharf ext remove`

use std::io::{self, BufRead, IsTerminal, Read, Write};

use anyhow::{Context, Result, bail};
use wharf_runtime::extensions::ExtensionId;
use wharf_runtime::{Places, harmless};

/// Longest answer that is read, in bytes.
const ANSWER: u64 = 1024;

pub(super) fn remove(name: &str, yes: bool, purge: bool) -> Result<u8> {
    let id = ExtensionId::new(name).with_context(|| format!("{name:?} is not the name of an extension"))?;
    let places = Places::from_env()?;
    let found = places.shelf().find(&id)?;
    let kept = places.kept(&id);
    if let Some(path) = found.as_ref().filter(|_| !yes) {
        let more: String =
            kept.iter().filter(|_| purge).map(|path| format!(" and {}", path.display())).collect();
        if !confirm(&format!("remove {}{more}?", path.display()))? {
            say!("aborted");
            return Ok(0);
        }
    }
    let removed = places.remove(&id, purge).map_err(|error| super::unknown(error.into(), name))?;
    match (&removed.path, &removed.entry) {
        (Some(path), _) => say!("removed {}", harmless(&path.display().to_string())),
        (None, Some(_)) => say!("\"{name}\" was not there any more; its entry is out of wharf.lock"),
        (None, None) => say!("\"{name}\" was not there any more; what it guarded is free"),
    }
    for path in kept {
        let word = if purge { "removed" } else { "kept" };
        say!("{word} {}", harmless(&path.display().to_string()));
    }
    Ok(0)
}

/// Asks on standard error. Enter does not mean yes.
fn confirm(question: &str) -> Result<bool> {
    if !io::stdin().is_terminal() {
        bail!("{question} Nobody can be asked here: say --yes");
    }
    let mut err = io::stderr();
    write!(err, "{} [y/N] ", harmless(question)).and_then(|()| err.flush()).context("standard error")?;
    let mut answer = String::new();
    io::stdin().lock().take(ANSWER).read_line(&mut answer).context("standard input")?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
