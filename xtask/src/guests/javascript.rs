//! JavaScript: componentize-js, from npm.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::interpreted::{self, Job, Language};
use crate::process;

const NODE: &str = "node";
const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };
const PINS: [&str; 2] = ["package.json", "package-lock.json"];

pub const LANGUAGE: Language = Language {
    name: "javascript",
    tool: "componentize-js",
    pins: &PINS,
    interpreter: || Ok(interpreted::version(NODE)? + &interpreted::version(NPM)?),
    install,
    componentize,
};

/// What the lock file says, nothing else, and without running the packages' own scripts.
fn install(tools: &Path, source: &Path) -> Result<()> {
    for pin in PINS {
        let from = source.join(pin);
        fs::copy(&from, tools.join(pin)).with_context(|| format!("cannot copy {}", from.display()))?;
    }
    let mut npm = Command::new(NPM);
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]).current_dir(tools);
    process::step(LANGUAGE.tool, &mut npm)
}

fn componentize(job: &Job) -> Command {
    let mut command = Command::new(NODE);
    command.arg(job.tools.join("node_modules/@bytecodealliance/componentize-js/src/cli.js"));
    command.arg(job.source.join(format!("{}.js", job.name)));
    command.arg("--wit").arg(job.wit).args(["--world-name", job.world]).arg("--out").arg(job.output);
    command
}
