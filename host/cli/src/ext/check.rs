//! `wharf ext check`

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
use wharf_runtime::extensions::did_you_mean;
use wharf_runtime::{Condition, Report, harmless, harmless_line};

use super::describe;

pub(super) fn check(what: &str, json: bool) -> Result<u8> {
    let report = look(what)?;
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
        say!("{}: {errors}, {warnings}", harmless(&report.path.display().to_string()));
    }
    Ok(u8::from(!report.errors.is_empty()))
}

/// A path, or else the name of something that is installed.
fn look(what: &str) -> Result<Report> {
    let path = Path::new(what);
    if !is_path(what) {
        return named(what);
    }
    super::check_path(path)?;
    Ok(Report::of(path))
}

/// What has a separator in it, ends as a component does, or is a directory with a manifest is a path; everything else is
/// a name, whatever lies here under that name.
fn is_path(what: &str) -> bool {
    let path = Path::new(what);
    let is_separated = what.contains(std::path::is_separator) || matches!(what, "." | "..");
    is_separated || super::is_component(path) || path.join("extension.json").symlink_metadata().is_ok()
}

fn named(name: &str) -> Result<Report> {
    let installed = super::survey()?.extensions;
    let mut named = installed.iter().filter(|surveyed| surveyed.name == name);
    if let Some(surveyed) = named.find(|surveyed| surveyed.state != Condition::Untrusted) {
        return Ok(Report::of_installed(surveyed));
    }
    let untrusted = installed.iter().any(|surveyed| surveyed.name == name);
    let meant = did_you_mean(name, installed.iter().map(|surveyed| surveyed.name.as_str()));
    let also = match (untrusted, Path::new(name).metadata()) {
        (true, _) => "; the project's of this name is not trusted: name its path".to_owned(),
        (_, Ok(data)) if data.is_dir() => format!("; ./{name} is a directory without one"),
        (_, Ok(_)) => format!("; ./{name} is {}", super::NEITHER),
        (_, Err(_)) => String::new(),
    };
    bail!(
        "there is no installed extension {name:?}{meant}; looked for also: ./{name}/extension.json{also}; \
         see `wharf ext list`, or give a path"
    )
}
