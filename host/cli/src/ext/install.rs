//! `wharf ext install`

use std::io::Write as _;

use anyhow::{Context as _, Result};
use wharf_runtime::extensions::install::{Source, Taken};
use wharf_runtime::{Installed, Places, harmless, harmless_line};

use super::describe;
use crate::signals;

pub(super) fn install(source: &str, revision: Option<&str>, replace: bool) -> Result<u8> {
    let source = Source::parse(source, revision)?;
    let taken = if replace { Taken::Replace } else { Taken::Refuse };
    let places = Places::from_env()?;
    crate::in_runtime(async {
        let mut signals = signals::watch();
        tokio::select! {
            // What was gathered so far goes when this is dropped.
            signal = signals.next() => {
                say!("wharf: {}", signal.word());
                Ok(signal.exit_code())
            }
            installed = show_and_place(&places, &source, taken) => {
                let installed = installed?;
                say!("installed {}", harmless(&installed.path.display().to_string()));
                Ok(0)
            }
        }
    })
}

/// What it is and asks for is shown before it has its place.
async fn show_and_place(places: &Places, source: &Source, taken: Taken) -> Result<Installed> {
    let prepared = places.prepare(source, taken).await?;
    let (report, entry) = (prepared.report(), prepared.entry());
    describe::print(report)?;
    let revision = entry.revision.as_ref().map(|id| format!(", commit {id}")).unwrap_or_default();
    describe::line("source", &format!("{}{revision}", entry.source))?;
    describe::line("sha256", &entry.sha256)?;
    if let Some(old) = prepared.replaced() {
        describe::changes(old, report)?;
    }
    std::io::stdout().flush().context("standard output")?;
    for odd in report.warnings.iter().chain(&report.errors) {
        say!("wharf: {}", harmless_line(odd, super::MESSAGE));
    }
    Ok(prepared.place().await?)
}
