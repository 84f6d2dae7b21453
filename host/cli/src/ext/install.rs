//! `wharf ext install`

use anyhow::Result;
use wharf_runtime::extensions::install::Source;
use wharf_runtime::{Places, harmless};

use super::describe;
use crate::signals;

pub(super) fn install(source: &str, revision: Option<&str>) -> Result<u8> {
    let source = Source::parse(source, revision)?;
    let places = Places::from_env()?;
    crate::in_runtime(async {
        let mut signals = signals::watch();
        tokio::select! {
            // What was gathered so far goes when this is dropped.
            signal = signals.next() => {
                say!("wharf: {}", signal.word());
                Ok(signal.exit_code())
            }
            installed = places.install(&source) => {
                let installed = installed?;
                let entry = &installed.entry;
                describe::print(&installed.report)?;
                let revision = entry.revision.as_ref().map(|id| format!(", commit {id}")).unwrap_or_default();
                describe::line("source", &format!("{}{revision}", entry.source))?;
                describe::line("sha256", &entry.sha256)?;
                for odd in installed.report.warnings.iter().chain(&installed.report.errors) {
                    say!("wharf: {}", harmless(odd));
                }
                say!("installed {}", harmless(&installed.path.display().to_string()));
                Ok(0)
            }
        }
    })
}
