//! `wharf ext check`

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use wharf_runtime::{Condition, Report, harmless, harmless_line};

use super::describe;

pub(super) fn check(what: &str, json: bool) -> Result<u8> {
    let path = find(what)?;
    let report = Report::of(&path);
    if json {
        let text = serde_json::to_string_pretty(&report)?;
        writeln!(std::io::stdout(), "{text}").context("standard output")?;
    } else {
        describe::print(&report).context("standard output")?;
        for error in &report.errors {
            say!("error: {}", harmless_line(error, super::MESSAGE));
        }
        for warning in &report.warnings {
            say!("warning: {}", harmless_line(warning, super::MESSAGE));
        }
        let count = |lines: &[String], word: &str| match lines.len() {
            1 => format!("1 {word}"),
            many => format!("{many} {word}s"),
        };
        let (errors, warnings) = (count(&report.errors, "error"), count(&report.warnings, "warning"));
        say!("{}: {errors}, {warnings}", harmless(&path.display().to_string()));
    }
    Ok(u8::from(!report.errors.is_empty()))
}

/// A path, or else the name of something that is installed.
fn find(what: &str) -> Result<PathBuf> {
    let path = Path::new(what);
    match path.metadata() {
        Ok(data) if data.is_dir() || path.extension().is_some_and(|ending| ending == "wasm") => {
            return Ok(path.to_owned());
        }
        Ok(_) => bail!("{what}: it is neither a directory with an extension.json nor a .wasm file"),
        Err(_) => {}
    }
    if what.contains(std::path::MAIN_SEPARATOR) {
        bail!("there is no {what}");
    }
    let installed = super::survey()?.extensions;
    let mut named = installed.iter().filter(|surveyed| surveyed.name == what);
    match named.find(|surveyed| surveyed.state != Condition::Untrusted) {
        Some(surveyed) => Ok(surveyed.path.clone()),
        None => bail!("there is no file, no directory and no installed extension {what:?}"),
    }
}
