//! What an extension is, in lines for people.

use std::collections::BTreeMap;
use std::io::{self, Write};

use wharf_runtime::{Report, harmless_line};

/// Longest line, in bytes.
const LINE: usize = 4096;

/// Writes what is known of it to standard output. Errors and warnings are told by whoever asked.
pub(super) fn print(report: &Report) -> io::Result<()> {
    line("name", &report.name)?;
    line("version", &report.version)?;
    line("backend", report.backend.unwrap_or_default())?;
    line("api", report.api.as_deref().unwrap_or_default())?;
    line("size", &report.size.map(size).unwrap_or_default())?;
    line("runs", &report.runs.join(" "))?;
    for (word, names) in [("imports", &report.imports), ("exports", &report.exports)] {
        for (package, interfaces) in by_package(names) {
            line(word, &format!("{package}: {}", interfaces.join(" ")))?;
        }
    }
    for (word, names) in [("tools", &report.tools), ("commands", &report.commands)] {
        line(word, &names.join(", "))?;
    }
    line("hooks", &report.hooks_in_full.join("; "))?;
    line("events", &report.events.join(", "))?;
    if !report.name.is_empty() && !report.declares {
        line("declares", "nothing beforehand: it registers what it likes")?;
    }
    let asks = report.asks_for.join(", ");
    line("asks for", if asks.is_empty() && !report.name.is_empty() { "nothing" } else { &asks })
}

/// Writes what is otherwise than in the one before: what was added (`+`), and what is gone (`-`).
pub(super) fn changes(old: &Report, new: &Report) -> io::Result<()> {
    let or_none =
        |version: &str| if version.is_empty() { "no version".to_owned() } else { version.to_owned() };
    line("replaces", &format!("{} ({})", old.path.display(), or_none(&old.version)))?;
    let backend = |report: &Report| report.backend.iter().map(ToString::to_string).collect::<Vec<_>>();
    let events = |report: &Report| report.events.iter().map(ToString::to_string).collect::<Vec<_>>();
    let mut told = false;
    for (what, before, now) in [
        ("asks for", &old.asks_for, &new.asks_for),
        ("backend", &backend(old), &backend(new)),
        ("runs", &commands_of(old), &commands_of(new)),
        ("imports", &old.imports, &new.imports),
        ("tool", &old.tools, &new.tools),
        ("command", &old.commands, &new.commands),
        ("hook", &old.hooks_in_full, &new.hooks_in_full),
        ("event", &events(old), &events(new)),
    ] {
        let added = now.iter().filter(|one| !before.contains(one)).map(|one| ("+", one));
        let gone = before.iter().filter(|one| !now.contains(one)).map(|one| ("-", one));
        for (sign, one) in added.chain(gone) {
            told = true;
            line("changed", &format!("{sign} {what}: {one}"))?;
        }
    }
    if told { Ok(()) } else { line("changed", "nothing of what it declares and asks for") }
}

/// The command line of a subprocess, whatever its directory is called.
fn commands_of(report: &Report) -> Vec<String> {
    let inside = format!("{}/", report.path.display());
    let line: Vec<String> = report.runs.iter().map(|word| word.replace(&inside, "./")).collect();
    if line.is_empty() { line } else { vec![line.join(" ")] }
}

/// `wasi:io@0.2.6` with its interfaces, and so on; what has another form stands alone.
fn by_package(names: &[String]) -> BTreeMap<String, Vec<&str>> {
    let mut packages = BTreeMap::<String, Vec<&str>>::new();
    for name in names {
        let parts = name.split_once('/').and_then(|(package, rest)| {
            rest.split_once('@').map(|(interface, version)| (format!("{package}@{version}"), interface))
        });
        let (package, interface) = parts.unwrap_or_else(|| (name.clone(), ""));
        packages.entry(package).or_default().push(interface);
    }
    packages
}

/// One fact; none, if there is nothing to tell.
pub(super) fn line(word: &str, text: &str) -> io::Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    writeln!(io::stdout(), "{:<10} {}", format!("{word}:"), harmless_line(text, LINE))
}

fn size(bytes: u64) -> String {
    match bytes {
        0..10_240 => format!("{bytes} bytes"),
        10_240..10_485_760 => format!("{} KiB", bytes >> 10),
        _ => format!("{} MiB", bytes >> 20),
    }
}
