//! Every check and every test, in the order in which they fail fastest.

use anyhow::{Result, bail};

use crate::{floors, guests, process, workspace};

/// How to test.
#[derive(clap::Args)]
pub struct Options {
    /// Leave out the checks of format and style.
    #[arg(long)]
    fast: bool,
    /// Passed on to `cargo test --workspace`, for instance a test's name.
    #[arg(last = true)]
    args: Vec<String>,
}

/// Runs everything. Tests find the guests through `WHARF_GUESTS`, what of them could not be built in
/// `WHARF_SKIPPED_GUESTS`, and that Python is missing in `WHARF_NO_PYTHON`.
pub fn run(options: &Options) -> Result<()> {
    eprintln!("xtask: floors");
    floors::run()?;
    let python = has_python()?;
    if !options.fast {
        process::step("format", workspace::cargo().args(["fmt", "--all", "--check"]))?;
        let clippy = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
        process::step("clippy", workspace::cargo().args(clippy))?;
    }
    let guests = guests::run()?;
    let mut tests = workspace::cargo();
    tests.args(["test", "--workspace"]).args(&options.args).env("WHARF_GUESTS", guests.folder);
    tests.env("WHARF_SKIPPED_GUESTS", guests.skipped.join(","));
    if python {
        tests.env_remove("WHARF_NO_PYTHON");
    } else {
        tests.env("WHARF_NO_PYTHON", "1");
    }
    process::step("tests", &mut tests)
}

/// Whether extensions in Python can be tested; where tests run unattended, they must be.
fn has_python() -> Result<bool> {
    if process::find("python3").is_some() {
        return Ok(true);
    }
    if std::env::var_os("CI").is_some() {
        bail!("python3 is not installed: the tests of Python extensions cannot run");
    }
    eprintln!("xtask: skipped: the tests of Python extensions, python3 is not installed");
    Ok(false)
}
