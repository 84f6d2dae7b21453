//! Python: componentize-py, from PyPI.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::interpreted::{self, Job, Language};
use crate::process;

const PYTHON: &str = "python3";
/// Where the packages are, in the folder of the tools. Not in a virtual environment: there may be none.
const PACKAGES: &str = "packages";

pub const LANGUAGE: Language = Language {
    name: "python",
    tool: "componentize-py",
    pins: &["requirements.txt"],
    interpreter: || interpreted::version(PYTHON),
    install,
    componentize,
};

/// With the `pip` of a virtual environment, or with the system's where there is no `venv` (Debian packs it apart).
fn install(tools: &Path, source: &Path) -> Result<()> {
    let venv = tools.join("venv");
    let made = process::step("a virtual environment", Command::new(PYTHON).args(["-m", "venv"]).arg(&venv));
    let python = match made {
        Ok(()) => interpreter_of(&venv),
        Err(error) => {
            eprintln!("xtask: {error:#}; trying without");
            PathBuf::from(PYTHON)
        }
    };
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"]);
    pip.arg(tools.join(PACKAGES)).arg("--requirement").arg(source.join("requirements.txt"));
    process::step(LANGUAGE.tool, &mut pip)
}

fn interpreter_of(venv: &Path) -> PathBuf {
    if cfg!(windows) { venv.join("Scripts/python.exe") } else { venv.join("bin/python") }
}

fn componentize(job: &Job) -> Command {
    let mut command = Command::new(PYTHON);
    command.env("PYTHONPATH", job.tools.join(PACKAGES)).env("PYTHONDONTWRITEBYTECODE", "1");
    command.args(["-c", "from componentize_py import script; script()", "--quiet"]);
    command.arg("--wit-path").arg(job.wit).args(["--world", job.world, "componentize", job.name]);
    command.arg("--python-path").arg(job.source).arg("--output").arg(job.output);
    command
}
