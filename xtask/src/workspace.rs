//! What cargo knows about the workspace.

use std::process::Command;

use anyhow::{Context, Result};
use cargo_metadata::{Metadata, MetadataCommand};

/// Reads `cargo metadata`, of our own packages alone.
pub fn read() -> Result<Metadata> {
    MetadataCommand::new().no_deps().exec().context("cannot read the workspace with cargo metadata")
}

/// The cargo that runs this task.
pub fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}
