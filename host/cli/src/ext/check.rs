//! `wharf ext check`

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
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
    if Report::is_program(path) {
        return Ok(Report::of_program(path));
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
    if let Some(untrusted) = installed.iter().find(|surveyed| surveyed.name == name) {
        let place = untrusted.path.display();
        bail!(
            "{name:?} is in the project, at {place}, which is not trusted: nothing of it is read by its name; \
             name its path"
        );
    }
    let meant = super::meant(name, &installed);
    let meant = meant.map(|known| format!("; did you mean {known:?}?")).unwrap_or_default();
    let also = match Path::new(name).metadata() {
        Ok(data) if data.is_dir() => format!("; ./{name} is a directory without one"),
        Ok(_) => format!("; ./{name} is there: name it with its path"),
        Err(_) => String::new(),
    };
    bail!(
        "there is no installed extension {name:?}{meant}; looked for also: ./{name}/extension.json{also}; \
         see `wharf ext list`, or give a path"
    )
}
