//! The suite. One program, so that what it is made of is linked once.
#![deny(dead_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]

mod chain;
mod commands;
mod contents;
mod conversation;
mod declared;
mod dialogs;
mod failed_hooks;
mod failures;
mod files;
mod guard;
mod hello;
mod hook_order;
mod hooks;
mod hostile;
mod in_flight;
mod languages;
mod missing_guards;
mod names;
mod notes;
mod order;
mod points;
mod polyglot;
mod prompts;
mod recording;
mod reload;
mod requests;
mod restart;
mod sandbox;
mod screen;
mod spoken;
mod start;
mod store;
mod told;
mod tools;
mod trust;
mod version2;
mod watch;

use wharf_conformance::{Scenario, without_scenario};

/// All scenarios, module by module. One that is not here is dead code.
const SCENARIOS: &[&[Scenario]] = &[
    chain::SCENARIOS,
    commands::SCENARIOS,
    conversation::SCENARIOS,
    declared::SCENARIOS,
    dialogs::SCENARIOS,
    failed_hooks::SCENARIOS,
    failures::SCENARIOS,
    files::SCENARIOS,
    guard::SCENARIOS,
    hello::SCENARIOS,
    hook_order::SCENARIOS,
    hooks::SCENARIOS,
    hostile::SCENARIOS,
    in_flight::SCENARIOS,
    languages::SCENARIOS,
    missing_guards::SCENARIOS,
    names::SCENARIOS,
    notes::SCENARIOS,
    order::SCENARIOS,
    points::SCENARIOS,
    polyglot::SCENARIOS,
    prompts::SCENARIOS,
    recording::SCENARIOS,
    reload::SCENARIOS,
    requests::SCENARIOS,
    restart::SCENARIOS,
    sandbox::SCENARIOS,
    screen::SCENARIOS,
    start::SCENARIOS,
    store::SCENARIOS,
    told::SCENARIOS,
    tools::SCENARIOS,
    trust::SCENARIOS,
    version2::SCENARIOS,
    watch::SCENARIOS,
];

// The suite does not compile while a behaviour is without a scenario; the compiler names it.
const _: () = if let Some(behaviour) = without_scenario(SCENARIOS) {
    panic!("{}", behaviour.entry().name);
};

/// A fixture: an extension that is a script.
fn fixture(name: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

/// Kills a process from outside.
#[allow(clippy::disallowed_methods, reason = "what is killed from outside is killed by hand")]
fn kill(process: &str) {
    let status = std::process::Command::new("kill").args(["-KILL", process]).status().unwrap();
    assert!(status.success(), "it is not there any more");
}
