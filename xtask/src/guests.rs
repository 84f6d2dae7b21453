//! Builds the guests and gathers them in `<target>/guests`: those in Rust as a component and as a native program, those
//! in other languages as a component.
//!
//! | module | what |
//! |---|---|
//! | `rust` | packages of the workspace |
//! | `interpreted` | guests in languages with a tool of their own: when they are built, and when skipped |
//! | `python`, `javascript` | those tools: how they are installed and called |
//! | `manifest` | embedding a manifest into a component |
//! | `stamp` | whether anything has changed |
//! | `gather` | copying what was built |

mod gather;
mod interpreted;
mod javascript;
mod manifest;
mod python;
mod rust;
mod stamp;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::workspace;

/// What was built.
pub struct Guests {
    /// Holds `NAME.wasm` for each guest, and `NAME` for those that are programs too.
    pub folder: PathBuf,
    /// Guests that could not be built here.
    pub skipped: Vec<&'static str>,
}

/// Builds what is not up to date.
pub fn run() -> Result<Guests> {
    let metadata = workspace::read()?;
    let folder = metadata.target_directory.as_std_path().join("guests");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;

    let mut built = rust::build(&metadata, &folder)?;
    let mut skipped = Vec::new();
    for guest in &interpreted::GUESTS {
        if interpreted::build(guest, &metadata, &folder)? {
            built += 1;
        } else {
            skipped.push(guest.name);
        }
    }
    eprintln!("xtask: {built} guests in {}", folder.display());
    Ok(Guests { folder, skipped })
}
