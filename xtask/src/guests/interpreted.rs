//! Guests in languages whose components are made by a tool of the language's own. Each is built again when its sources,
//! the WIT or the tool's version changed; where the tool cannot be had, the guest is skipped.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use cargo_metadata::Metadata;

use super::stamp::{self, Stamp};
use super::{gather, javascript, manifest, python};
use crate::process;

/// A guest, and the tool that makes it a component.
pub struct Guest {
    /// The component's file name without `.wasm`, and the source's without its ending.
    pub name: &'static str,
    /// The folder of the sources, with the manifest and what pins the tool.
    source: &'static str,
    language: &'static Language,
}

/// What the two tools have in common.
pub struct Language {
    /// The folder for the tool, below `<target>/tools`.
    pub name: &'static str,
    /// The tool that makes components.
    pub tool: &'static str,
    /// The files in a guest's folder that pin the tool.
    pub pins: &'static [&'static str],
    /// The version of the installed interpreter, in its own words.
    pub interpreter: fn() -> Result<String>,
    /// Installs the tool into an empty folder, as the files in the guest's folder pin it.
    pub install: fn(tools: &Path, source: &Path) -> Result<()>,
    /// The call that makes a component.
    pub componentize: fn(&Job) -> Command,
}

/// A component to be made.
pub struct Job<'a> {
    pub tools: &'a Path,
    pub source: &'a Path,
    pub name: &'a str,
    pub wit: &'a Path,
    pub world: &'a str,
    pub output: &'a Path,
}

pub const GUESTS: [Guest; 2] = [
    Guest { name: "wordcount", source: "extensions/wordcount", language: &python::LANGUAGE },
    Guest { name: "fetch", source: "tests/guests/fetch", language: &javascript::LANGUAGE },
];

/// The world that both are made for.
const WORLD: &str = "tool-pack";

/// Builds a guest that is not up to date; `false`: it is skipped, because its tool cannot be had here.
pub fn build(guest: &Guest, metadata: &Metadata, gathered: &Path) -> Result<bool> {
    let root = metadata.workspace_root.as_std_path();
    let (source, wit) = (root.join(guest.source), root.join("wit"));
    let tools = metadata.target_directory.as_std_path().join("tools").join(guest.language.name);
    let output = gathered.join(format!("{}.wasm", guest.name));
    let built = Stamp::new(
        &tools.with_file_name(format!("{}.stamp", guest.name)),
        stamp::digest(&[&source, &wit], WORLD)?,
    );
    if built.is_current() && output.is_file() {
        return Ok(true);
    }
    if let Err(error) = install(guest.language, &tools, &source) {
        return skip(guest, error);
    }
    let fresh = tools.join(format!("{}.wasm", guest.name));
    let job =
        Job { tools: &tools, source: &source, name: guest.name, wit: &wit, world: WORLD, output: &fresh };
    let step = format!("{} as a component, with {}", guest.name, guest.language.tool);
    process::step(&step, &mut (guest.language.componentize)(&job))?;
    manifest::embed(&source.join("extension.json"), &fresh)?;
    gather::component(&fresh, &output)?;
    built.write()?;
    Ok(true)
}

/// Has the tool in its folder, as pinned.
fn install(language: &Language, tools: &Path, source: &Path) -> Result<()> {
    let interpreter = (language.interpreter)()?;
    let pins: Vec<PathBuf> = language.pins.iter().map(|pin| source.join(pin)).collect();
    let installed = Stamp::new(&tools.join("installed.stamp"), stamp::digest(&pins, &interpreter)?);
    if installed.is_current() {
        return Ok(());
    }
    if tools.is_dir() {
        fs::remove_dir_all(tools).with_context(|| format!("cannot empty {}", tools.display()))?;
    }
    fs::create_dir_all(tools).with_context(|| format!("cannot make {}", tools.display()))?;
    (language.install)(tools, source)?;
    installed.write()
}

/// Says what is skipped and why; where tests run unattended, nothing may be.
fn skip(guest: &Guest, error: anyhow::Error) -> Result<bool> {
    let what = format!("the guest {:?}: {} cannot be had here", guest.name, guest.language.tool);
    if std::env::var_os("CI").is_some() {
        return Err(error.context(what));
    }
    eprintln!("xtask: skipped: {what}: {error:#}");
    Ok(false)
}

/// What a program says when it is asked for its version.
pub fn version(program: impl AsRef<OsStr>) -> Result<String> {
    process::output(Command::new(program).arg("--version"), std::time::Duration::from_secs(60))
}
