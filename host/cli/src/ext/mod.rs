//! `wharf ext`: what is installed, installing and removing, and what authors need. A file for each subcommand.

mod args;
mod author;
mod check;
mod describe;
mod install;
mod list;
mod log;
mod logs;
mod remove;
mod run;
mod switch;

use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Error, Result, anyhow, bail};
use wharf_runtime::extensions::nearest;
use wharf_runtime::{
    BuildError, Builder, Condition, Config, ConfigError, Places, PlacesError, Survey, Surveyed, Wharf,
    harmless_line,
};

/// Longest message, in bytes.
const MESSAGE: usize = 16 << 10;

pub(crate) use args::{ExtCli, ExtCommand, RunArgs};

/// What is no extension by itself.
const NEITHER: &str = "neither a directory with an extension.json nor a .wasm file";

/// Whether a path leads to what may be an extension.
fn check_path(path: &Path) -> Result<()> {
    let shown = path.display();
    match path.metadata() {
        Ok(data) if data.is_dir() || (data.is_file() && is_component(path)) => Ok(()),
        Ok(data) if data.is_file() => bail!(
            "{shown}: it is {NEITHER}; put a program into a directory whose extension.json names it as \"exec\""
        ),
        Ok(_) => bail!("{shown}: it is no regular file and no directory; name one that is"),
        Err(error) if error.kind() == ErrorKind::NotFound => bail!("there is no {shown}; check the path"),
        Err(error) => bail!("{shown} cannot be read: {error}; check the path and who may read it"),
    }
}

/// Which of these was probably meant.
fn meant(name: &str, installed: &[Surveyed]) -> Option<String> {
    let names = installed.iter().map(|surveyed| surveyed.name.as_str()).filter(|known| *known != name);
    nearest(name, names).map(ToOwned::to_owned)
}

/// What is said of a name that nothing has: which one was probably meant, or, if it is in the project, that nothing of the
/// project is.
fn unknown(error: Error, name: &str) -> Error {
    let installed = survey().map(|survey| survey.extensions).unwrap_or_default();
    let untrusted = installed.iter().find(|one| one.name == name && one.state == Condition::Untrusted);
    match (untrusted, meant(name, &installed)) {
        (_, _) if installed.iter().any(|one| one.name == name && one.state != Condition::Untrusted) => error,
        (Some(one), _) => anyhow!(
            "{error}; the \"{name}\" at {} is in the project, which is not trusted",
            one.path.display()
        ),
        (None, Some(meant)) => anyhow!("{error}; did you mean {meant:?}?"),
        (None, None) => error,
    }
}

fn is_component(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "wasm")
}

/// Runs a subcommand and returns the exit code.
pub(crate) fn run(command: ExtCommand) -> u8 {
    let done = match command {
        ExtCommand::List { json } => list::list(json),
        ExtCommand::Install { source, rev, replace } => install::install(&source, rev.as_deref(), replace),
        ExtCommand::Remove { name, yes, purge } => remove::remove(&name, yes, purge),
        ExtCommand::Enable { name } => switch::switch(&name, true),
        ExtCommand::Disable { name } => switch::switch(&name, false),
        ExtCommand::Check { what, json } => check::check(&what, json),
        ExtCommand::Run(args) => run::run(&args),
        ExtCommand::Logs { name, follow, lines } => logs::logs(&name, follow, lines),
    };
    done.unwrap_or_else(|error| {
        say!("wharf: {}", harmless_line(&told(&error), MESSAGE));
        code(&error)
    })
}

/// With its causes, each once: most errors name their cause themselves.
fn told(error: &Error) -> String {
    error.chain().skip(1).map(ToString::to_string).fold(error.to_string(), |text, cause| {
        if text.contains(&cause) { text } else { format!("{text}: {cause}") }
    })
}

/// A configuration that cannot be used is 3, as everywhere; all else has failed.
fn code(error: &Error) -> u8 {
    let is_config = error.is::<ConfigError>() || error.is::<PlacesError>();
    let is_build = error
        .downcast_ref()
        .is_some_and(|error| matches!(error, BuildError::Config(_) | BuildError::Places(_)));
    if is_config || is_build { 3 } else { 1 }
}

/// Looks with what `config.toml` says. One that is broken must not hide what is installed.
fn survey() -> Result<Survey> {
    Ok(configured(Places::from_env()?).survey()?)
}

fn configured(places: Places) -> Builder {
    let config = Config::load(&places.config_file()).unwrap_or_else(|error| {
        say!("wharf: {}", harmless_line(&error.to_string(), MESSAGE));
        Config::default()
    });
    Wharf::builder().places(places).config(config)
}
