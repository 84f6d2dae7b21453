//! Where the built guests are.

use std::path::{Path, PathBuf};

/// The root of the workspace.
#[must_use]
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace is there")
}

/// `NAME.wasm`, as built.
#[must_use]
pub fn component(name: &str) -> PathBuf {
    built(&format!("{name}.wasm"))
}

/// The native program of a guest, as built.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    built(&format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// Whether tests of a guest have to be passed over, because it could not be built here: `WHARF_SKIPPED_GUESTS` names it.
#[must_use]
pub fn skipped(name: &str) -> bool {
    std::env::var("WHARF_SKIPPED_GUESTS").is_ok_and(|names| names.split(',').any(|skipped| skipped == name))
}

/// A guest's sources.
#[must_use]
pub fn sources(name: &str) -> PathBuf {
    let root = workspace();
    let places = ["extensions", "tests/guests"].map(|place| root.join(place).join(name));
    let found = places.into_iter().find(|place| place.is_dir());
    found.unwrap_or_else(|| panic!("there is no guest {name:?}"))
}

fn built(file: &str) -> PathBuf {
    let directory = std::env::var_os("WHARF_GUESTS").map(PathBuf::from);
    let found = directory.map(|directory| directory.join(file)).filter(|path| path.is_file());
    found.unwrap_or_else(|| {
        panic!("no guest {file}: run `cargo xtask guests` and set WHARF_GUESTS (cargo xtask test does both)")
    })
}
