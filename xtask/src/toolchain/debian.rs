//! Debian's way: its compiler and standard library sources (`rustc-web` and friends), the C library for WASI, and the
//! linkers of the rustup toolchain.
//!
//! Only the three packages are installed. The C library comes from the release's backports, by a configuration of apt
//! that lives in the target folder, and is unpacked there.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::{Toolchain, sources, sysroot};
use crate::process;

const RUSTC: &str = "/usr/bin/rustc";
const PACKAGES: [&str; 3] = ["rustc-web", "libstd-rust-web-dev", "rust-web-src"];
const LIBC: &str = "usr/lib/wasm32-wasip2";
/// For one call of apt.
const DEADLINE: Duration = Duration::from_secs(300);

/// The toolchain, if all of its parts are there.
pub fn find(rustup: &Path, target: &Path) -> Option<Toolchain> {
    if !has_compiler() {
        return None;
    }
    let linkers = linkers(rustup)?;
    let libc = [PathBuf::from("/"), unpacked(target)].map(|root| root.join(LIBC));
    let libc = libc.into_iter().find(|folder| folder.join("libc.a").is_file())?;

    let path = std::env::var_os("PATH").unwrap_or_default();
    let path =
        std::env::join_paths(std::env::split_paths(&path).chain([linkers.clone(), linkers.join("gcc-ld")]))
            .ok()?;
    // Encoded, so that the folder's name may hold spaces.
    let flags = format!("-Clink-self-contained=no\x1f-L{}", libc.to_str()?);
    Some(Toolchain {
        name: format!("{RUSTC} and its own standard library"),
        cargo_args: vec!["-Zbuild-std=std,panic_abort".to_owned()],
        env: vec![
            ("PATH", path),
            ("RUSTC", RUSTC.into()),
            // `-Z` flags are for nightly compilers otherwise.
            ("RUSTC_BOOTSTRAP", "1".into()),
            ("CARGO_ENCODED_RUSTFLAGS", OsString::from(flags)),
        ],
    })
}

/// Installs and fetches what is missing.
pub fn install(target: &Path) -> Result<()> {
    if process::find("apt-get").is_none() {
        bail!("this is neither Debian nor Ubuntu");
    }
    if !has_compiler() {
        install_compiler()?;
    }
    fetch_libc(target)
}

/// Whether the compiler is new enough and has the sources of its own standard library.
fn has_compiler() -> bool {
    let rustc = Path::new(RUSTC);
    let has_source =
        sysroot(rustc).is_ok_and(|root| root.join("lib/rustlib/src/rust/library/std/Cargo.toml").is_file());
    let version = process::output(Command::new(rustc).arg("--version"), Duration::from_secs(60));
    has_source
        && version
            .is_ok_and(|text| release(&text) >= release(concat!("rustc ", env!("CARGO_PKG_RUST_VERSION"))))
}

/// `rustc 1.96.0 (…)` → (1, 96).
fn release(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.split_whitespace().nth(1)?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// The folder with `wasm-component-ld` and, below it, `gcc-ld/wasm-ld`, in a rustup toolchain.
fn linkers(rustup: &Path) -> Option<PathBuf> {
    let hosts = fs::read_dir(rustup.join("lib/rustlib")).ok()?;
    let mut folders = hosts.filter_map(|host| Some(host.ok()?.path().join("bin")));
    folders
        .find(|folder| folder.join("wasm-component-ld").is_file() && folder.join("gcc-ld/wasm-ld").is_file())
}

/// `--no-remove`: a compiler that somebody installed on purpose stays, and the step fails instead.
fn install_compiler() -> Result<()> {
    eprintln!("xtask: apt-get install {}", PACKAGES.join(" "));
    process::output(as_root()?.args(["apt-get", "-qq", "update"]), DEADLINE)?;
    let options = ["apt-get", "-qq", "install", "--yes", "--no-remove", "--no-install-recommends"];
    process::output(as_root()?.args(options).args(PACKAGES), DEADLINE)?;
    Ok(())
}

/// A command that runs its arguments as root without asking for a password.
fn as_root() -> Result<Command> {
    let user = process::output(Command::new("id").arg("-u"), Duration::from_secs(10))?;
    let mut command = Command::new(if user.trim() == "0" { "env" } else { "sudo" });
    if user.trim() != "0" {
        command.args(["-n", "env"]);
    }
    command.arg("DEBIAN_FRONTEND=noninteractive");
    Ok(command)
}

fn unpacked(target: &Path) -> PathBuf {
    target.join("wasi-libc/unpacked")
}

/// Fetches the package from the release's backports, or else from the release, and unpacks it.
fn fetch_libc(target: &Path) -> Result<()> {
    let folder = target.join("wasi-libc");
    let release = sources::release().context("cannot tell which release of Debian this is")?;
    let suites = [format!("{release}-backports"), release.clone()];
    let mut reasons = Vec::new();
    for suite in suites {
        eprintln!("xtask: fetching wasi-libc from {suite}");
        match fetch_from(&suite, &release, &folder).and_then(|package| unpack(&package, &unpacked(target))) {
            Ok(()) => return Ok(()),
            Err(error) => reasons.push(format!("{suite}: {error:#}")),
        }
    }
    bail!("no wasi-libc with wasm32-wasip2: {}", reasons.join("; "))
}

/// Downloads the package with an apt that knows this suite alone; gives its file.
fn fetch_from(suite: &str, release: &str, folder: &Path) -> Result<PathBuf> {
    let source =
        sources::with_suite(release, suite).context("apt's configuration names no source of the release")?;
    // apt wants absolute paths.
    let [parts, lists, cache] = ["sources", "lists", "cache"].map(|name| folder.join(suite).join(name));
    for dir in [&parts, &lists.join("partial"), &cache.join("archives/partial")] {
        fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    }
    fs::write(parts.join(source.file_name()), source.text())?;
    let apt = || {
        let mut apt = Command::new("apt-get");
        apt.args(["-qq", "-o", "Dir::Etc::sourcelist=/dev/null"]);
        for (key, dir) in
            [("Dir::Etc::sourceparts", &parts), ("Dir::State::lists", &lists), ("Dir::Cache", &cache)]
        {
            apt.arg("-o").arg(format!("{key}={}", dir.display()));
        }
        apt.current_dir(folder.join(suite));
        apt
    };
    process::output(apt().arg("update"), DEADLINE)?;
    process::output(apt().arg("download").arg(format!("wasi-libc/{suite}")), DEADLINE)?;
    let files = fs::read_dir(folder.join(suite))?.filter_map(|entry| Some(entry.ok()?.path()));
    let mut packages: Vec<_> =
        files.filter(|file| file.extension().is_some_and(|kind| kind == "deb")).collect();
    packages.sort();
    packages.pop().context("apt-get download left no package")
}

fn unpack(package: &Path, into: &Path) -> Result<()> {
    fs::create_dir_all(into)?;
    process::output(Command::new("dpkg").arg("-x").arg(package).arg(into), DEADLINE)?;
    if !into.join(LIBC).join("libc.a").is_file() {
        bail!("{} is too old: it holds no {LIBC}", package.display());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::release;

    #[test]
    fn releases_are_compared_as_numbers() {
        assert_eq!(release("rustc 1.96.0 (ac68faa20 2026-05-25)"), Some((1, 96)));
        assert!(release("rustc 1.100.0") > release("rustc 1.95"));
        assert!(release("no version") < release("rustc 1.95"));
    }
}
