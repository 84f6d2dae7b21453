//! `wharf ext list`

use std::io::Write;

use anyhow::{Context, Result};
use wharf_runtime::{Condition, Places, Surveyed, harmless, harmless_line};

/// Longest reason that is shown, in bytes.
const REASON: usize = 4096;

pub(super) fn list(json: bool) -> Result<u8> {
    let survey = super::survey()?;
    for warning in &survey.warnings {
        say!("wharf: {}", harmless(warning));
    }
    if json {
        let text = serde_json::to_string_pretty(&survey.extensions)?;
        writeln!(std::io::stdout(), "{text}").context("standard output")?;
    } else if survey.extensions.is_empty() {
        let places = Places::from_env()?;
        say!("no extensions; put a .wasm file or a directory into {}", places.extensions().display());
    } else {
        print_table(&survey.extensions).context("standard output")?;
    }
    Ok(0)
}

/// Columns as wide as what stands in them; below each extension that would not start, why.
fn print_table(extensions: &[Surveyed]) -> std::io::Result<()> {
    let rows: Vec<[String; 6]> = extensions.iter().map(row).collect();
    let head = ["name", "version", "backend", "scope", "state", "what it declares"];
    let wide = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain(head.get(column).map(|word| word.len())).max().unwrap_or_default()
    };
    let widths = [wide(0), wide(1), wide(2), wide(3), wide(4)];
    let mut out = std::io::stdout().lock();
    let mut write = |cells: [&str; 6]| {
        let padded = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}  "));
        let line: String = padded.collect();
        let [.., last] = cells;
        writeln!(out, "{}", format!("{line}{last}").trim_end())
    };
    write(head)?;
    for (row, extension) in rows.iter().zip(extensions) {
        write(row.each_ref().map(String::as_str))?;
        if let Some(why) = &extension.why {
            let next = match extension.state {
                Condition::Quarantined | Condition::Disabled => {
                    format!("; `wharf ext enable {}` lets it start again", extension.name)
                }
                _ => String::new(),
            };
            write(["", "", "", "", "", &harmless_line(&format!("{why}{next}"), REASON)])?;
        }
    }
    Ok(())
}

fn row(extension: &Surveyed) -> [String; 6] {
    let or_dash = |text: &str| if text.is_empty() { "-".to_owned() } else { harmless_line(text, 64) };
    [
        or_dash(&extension.name),
        or_dash(&extension.version),
        extension.backend.unwrap_or("-").to_owned(),
        extension.scope.as_str().to_owned(),
        extension.state.to_string(),
        declared(extension),
    ]
}

fn declared(extension: &Surveyed) -> String {
    let tools = extension.tools.iter().map(String::as_str).collect();
    let commands = extension.commands.iter().map(String::as_str).collect();
    let groups = [("tools", tools), ("commands", commands), ("hooks", extension.hooks.clone())];
    let told = groups.iter().filter(|(_, names): &&(&str, Vec<&str>)| !names.is_empty());
    let text =
        told.map(|(word, names)| format!("{word}: {}", names.join(" "))).collect::<Vec<_>>().join(", ");
    if text.is_empty() { "-".to_owned() } else { harmless(&text) }
}
