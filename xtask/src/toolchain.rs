//! Finds what builds components, or installs it: rustup's standard library for `wasm32-wasip2`, or, where rustup cannot
//! download, Debian's compiler with the sources of its standard library.

mod debian;
mod sources;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::process;

const TARGET: &str = "wasm32-wasip2";
const HELP: &str = "nothing here can build WebAssembly components. Do one of these:
  - where rustup can download: rustup target add wasm32-wasip2
  - on Debian or Ubuntu, as root: apt-get install --no-install-recommends rustc-web libstd-rust-web-dev rust-web-src,
    and wasi-libc from the backports of the release; keep a rustup toolchain, whose linkers are used";

/// How cargo is to be called to build components.
#[derive(Debug)]
pub struct Toolchain {
    /// What it is, for people.
    pub name: String,
    /// Further arguments of `cargo build`.
    pub cargo_args: Vec<String>,
    /// Further environment variables.
    pub env: Vec<(&'static str, OsString)>,
}

/// The first that works; what has to be kept goes into the target folder.
pub fn find(target: &Path) -> Result<Toolchain> {
    let sysroot = sysroot(Path::new("rustc"))?;
    if let Some(found) = installed(&sysroot) {
        return Ok(found);
    }
    if let Some(found) = debian::find(&sysroot, target) {
        return Ok(found);
    }
    let rustup = match add_target(&sysroot) {
        Ok(found) => return Ok(found),
        Err(error) => error,
    };
    eprintln!("xtask: {rustup:#}; trying the system's packages");
    debian::install(target)
        .and_then(|()| debian::find(&sysroot, target).context("the packages do not fit"))
        .context(HELP)
}

fn sysroot(rustc: &Path) -> Result<PathBuf> {
    let output = process::output(Command::new(rustc).args(["--print", "sysroot"]), Duration::from_secs(60))?;
    Ok(PathBuf::from(output.trim_end()))
}

fn installed(sysroot: &Path) -> Option<Toolchain> {
    let library = sysroot.join("lib/rustlib").join(TARGET).join("lib");
    library.is_dir().then(|| Toolchain {
        name: "rustup's standard library".to_owned(),
        cargo_args: Vec::new(),
        env: Vec::new(),
    })
}

fn add_target(sysroot: &Path) -> Result<Toolchain> {
    eprintln!("xtask: rustup target add {TARGET}");
    let mut rustup = Command::new("rustup");
    process::output(rustup.args(["target", "add", TARGET]), Duration::from_secs(60))?;
    installed(sysroot).context("rustup added the target to another toolchain than the active one")
}
