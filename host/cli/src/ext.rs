//! `wharf ext`: look at extensions, without starting any; lift a quarantine.

use std::io::Write;

use anyhow::{Context, Result, bail};
use wharf_runtime::extensions::{ExtensionId, Listing, State, journal};
use wharf_runtime::{Places, Survey, Wharf};

use crate::args::ExtCommand;
use wharf_runtime::{harmless, harmless_line};

/// Runs a subcommand and returns the exit code.
pub(crate) fn run(command: &ExtCommand) -> u8 {
    let done = match command {
        ExtCommand::List { json } => list(*json),
        ExtCommand::Enable { name } => enable(name),
        ExtCommand::Logs { name } => logs(name),
    };
    match done {
        Ok(()) => 0,
        Err(error) => {
            say!("wharf: {}", harmless(&format!("{error:#}")));
            1
        }
    }
}

fn list(json: bool) -> Result<()> {
    let survey = Wharf::builder().survey()?;
    if json {
        let text = serde_json::to_string_pretty(&survey)?;
        return writeln!(std::io::stdout(), "{text}").context("standard output");
    }
    if survey.extensions.is_empty() && survey.inert.is_empty() && survey.problems.is_empty() {
        let places = Places::from_env()?;
        say!("no extensions; put a .wasm file or a directory into {}", places.extensions().display());
        return Ok(());
    }
    print_table(&survey)?;
    for problem in &survey.problems {
        say!("wharf: {}", harmless(problem));
    }
    Ok(())
}

fn print_table(survey: &Survey) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{:<20} {:<10} {:<10} {:<9} {:<10} what it declares",
        "name", "version", "backend", "scope", "state"
    )?;
    for listing in &survey.extensions {
        let state = match listing.state {
            State::Disabled => "disabled",
            State::Quarantined(_) => "quarantine",
            _ => "found",
        };
        let version = if listing.version.is_empty() { "-" } else { &listing.version };
        writeln!(
            out,
            "{:<20} {:<10} {:<10} {:<9} {state:<10} {}",
            listing.name,
            harmless(version),
            listing.backend,
            listing.origin.as_str(),
            declared(listing),
        )?;
    }
    for listing in &survey.extensions {
        if let State::Quarantined(why) = &listing.state {
            let name = &listing.name;
            say!("wharf: extension \"{name}\": {}; `wharf ext enable {name}` lifts it", harmless(why));
        }
    }
    for path in &survey.inert {
        let path = harmless_line(path, 4096);
        writeln!(out, "{path:<20} not started: the project is not trusted (--trust)")?;
    }
    Ok(())
}

fn declared(listing: &Listing) -> String {
    let group =
        |word: &str, names: Vec<&str>| (!names.is_empty()).then(|| format!("{word}: {}", names.join(" ")));
    let strings = |names: &'_ [String]| names.to_vec();
    let (tools, commands) = (strings(&listing.tools), strings(&listing.commands));
    let groups = [
        group("tools", tools.iter().map(String::as_str).collect()),
        group("commands", commands.iter().map(String::as_str).collect()),
        group("hooks", listing.hooks.clone()),
        group("events", listing.events.clone()),
    ];
    let text = groups.into_iter().flatten().collect::<Vec<_>>().join(", ");
    if text.is_empty() { "-".to_owned() } else { harmless(&text) }
}

fn enable(name: &str) -> Result<()> {
    let id = ExtensionId::new(name).with_context(|| format!("{name:?} is not the name of an extension"))?;
    if Wharf::builder().lift_quarantine(&id)? {
        say!("\"{name}\" is not in quarantine any more; it starts with the next run");
        return Ok(());
    }
    let extensions = Wharf::builder().survey()?.extensions;
    match extensions.iter().find(|listing| listing.name == name) {
        Some(listing) if listing.state == State::Disabled => {
            bail!(
                "the manifest of \"{name}\" switches it off; set \"enabled\" to true in {}",
                listing.directory
            )
        }
        Some(_) => say!("\"{name}\" was not in quarantine"),
        None => bail!(
            "there is no extension \"{name}\", and none of that name in quarantine; see `wharf ext list`"
        ),
    }
    Ok(())
}

fn logs(name: &str) -> Result<()> {
    let id = ExtensionId::new(name).with_context(|| format!("{name:?} is not the name of an extension"))?;
    let file = journal::file(&Places::from_env()?.logs(), &id);
    if std::fs::metadata(&file).is_ok_and(|data| !data.is_file()) {
        bail!("the log {} is not a regular file", file.display());
    }
    let mut log = match std::fs::File::open(&file) {
        Ok(log) => log,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            bail!("no log for \"{name}\" at {}", file.display())
        }
        Err(error) => return Err(error).context(file.display().to_string()),
    };
    std::io::copy(&mut log, &mut std::io::stdout().lock()).context("standard output")?;
    Ok(())
}
