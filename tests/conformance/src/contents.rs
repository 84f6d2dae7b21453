//! The table of contents as a page.

use std::fmt::Write;

use crate::{Behaviour, Scenario};

const BEGINNING: &str = "# The contract

What an extension can rely on, whichever way it docks: each behaviour with the page that specifies it, the backends that
have it, and the scenarios that show it, in `tests/conformance/tests/suite`. A behaviour without a scenario does not
compile.

This page is made of the list in `tests/conformance/src/behaviours.rs`. To write it anew:

    WHARF_WRITE_CONTRACT=1 cargo xtask test
";

/// The page for these scenarios.
#[must_use]
pub fn page(modules: &[&[Scenario]]) -> String {
    let mut page = BEGINNING.to_owned();
    let mut group = "";
    for behaviour in Behaviour::ALL {
        let entry = behaviour.entry();
        if entry.group != group {
            group = entry.group;
            let (name, link) = link(entry.page);
            _ = write!(page, "\n## {group}\n\nSpecified in [{name}]({link}).\n\n");
            page.push_str("| behaviour | backends | scenarios |\n|---|---|---|\n");
        }
        let shown = modules.iter().flat_map(|module| module.iter());
        let shown = shown.filter(|scenario| scenario.shows(*behaviour));
        let scenarios: Vec<String> = shown.map(|scenario| format!("`{}`", scenario.name())).collect();
        let (sentence, backends) = (entry.sentence, entry.backends.words());
        _ = writeln!(page, "| {sentence} | {backends} | {} |", scenarios.join(", "));
    }
    page
}

/// A page as `docs/contract.md` names it and links to it.
fn link(page: &str) -> (&str, String) {
    match page.strip_prefix("docs/") {
        Some(name) => (name, name.to_owned()),
        None => (page, format!("../{page}")),
    }
}
