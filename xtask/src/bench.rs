//! Measures: builds what is measured the way it is shipped, and runs the bench.

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::{guests, process, workspace};

/// The page that holds the table.
const PAGE: &str = "docs/speed.md";

/// What to measure, and what for.
#[derive(clap::Args)]
pub struct Options {
    /// Which lines (hook, subprocess, chain, …); without, all of them.
    lines: Vec<String>,
    /// Fail when an aim is missed.
    #[arg(long)]
    check: bool,
    /// Put the table into docs/speed.md.
    #[arg(long, conflicts_with = "lines")]
    write: bool,
}

/// Builds for release and measures. A missed aim is said; it is a failure only if that is asked for.
pub fn run(options: &Options) -> Result<()> {
    let metadata = workspace::read()?;
    let guests = guests::run()?.folder;
    let mut build = workspace::cargo();
    build.args(["build", "--release", "--package", "wharf", "--package", "wharf-bench"]);
    process::step("the program and the bench, for release", &mut build)?;

    let release = metadata.target_directory.as_std_path().join("release");
    let program = |name: &str| release.join(name).with_extension(std::env::consts::EXE_EXTENSION);
    let mut bench = std::process::Command::new(program("wharf-bench"));
    bench.arg("--guests").arg(guests).arg("--wharf").arg(program("wharf")).args(&options.lines);
    if options.check {
        bench.arg("--check");
    }
    if options.write {
        bench.arg("--write").arg(Path::new(metadata.workspace_root.as_str()).join(PAGE));
    }
    let status = bench.status().context("the bench did not start")?;
    if !status.success() {
        bail!("the bench ended with {status}");
    }
    Ok(())
}
