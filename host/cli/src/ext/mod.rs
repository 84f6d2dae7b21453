//! `wharf ext`: what is installed, installing and removing, and what authors need. A file for each subcommand.

mod args;
mod check;
mod describe;
mod install;
mod list;
mod logs;
mod remove;
mod run;
mod switch;

use anyhow::Result;
use wharf_runtime::{Builder, Config, Places, Survey, Wharf, harmless_line};

/// Longest message, in bytes.
const MESSAGE: usize = 16 << 10;

pub(crate) use args::{ExtCli, ExtCommand, RunArgs};

/// Runs a subcommand and returns the exit code.
pub(crate) fn run(command: ExtCommand) -> u8 {
    let done = match command {
        ExtCommand::List { json } => list::list(json),
        ExtCommand::Install { source, rev } => install::install(&source, rev.as_deref()),
        ExtCommand::Remove { name, yes, purge } => remove::remove(&name, yes, purge),
        ExtCommand::Enable { name } => switch::switch(&name, true),
        ExtCommand::Disable { name } => switch::switch(&name, false),
        ExtCommand::Check { what, json } => check::check(&what, json),
        ExtCommand::Run(args) => run::run(&args),
        ExtCommand::Logs { name, follow, lines } => logs::logs(&name, follow, lines),
    };
    done.unwrap_or_else(|error| {
        say!("wharf: {}", harmless_line(&format!("{error:#}"), MESSAGE));
        1
    })
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
