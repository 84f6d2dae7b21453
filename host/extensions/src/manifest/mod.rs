//! The manifest: zot's `extension.json`, and the key `wharf` that makes it a Wharf extension.

mod declared;
mod mistake;
mod odd;
mod reading;

pub use reading::{ManifestError, Reading};

use serde::Deserialize;
use wharf_protocol::command::CommandSpec;
use wharf_protocol::event::Topic;
use wharf_protocol::hook::HookSpec;
use wharf_protocol::registration::Registration;
use wharf_protocol::tool::ToolSpec;

pub use crate::place::of as place_of;

/// Largest manifest, in bytes.
pub const MAX_BYTES: usize = 64 << 10;
/// The track of `wharf:extension` that this host speaks.
pub const API: &str = "0.1";

/// What a manifest says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Manifest {
    /// The extension's name.
    #[serde(default)]
    pub name: String,
    /// Its version; empty: unknown.
    #[serde(default)]
    pub version: String,
    /// One sentence about it.
    #[serde(default)]
    pub description: String,
    /// The program of a subprocess.
    #[serde(default)]
    pub exec: Option<String>,
    /// The program's arguments.
    #[serde(default)]
    pub args: Vec<String>,
    /// For information.
    #[serde(default)]
    pub language: String,
    /// `false`: it is passed over.
    #[serde(default)]
    pub enabled: Option<bool>,
    /// The file of a component.
    #[serde(default)]
    pub wasm: Option<String>,
    /// Wharf's part; none: zot's own manifest, the extension registers what it likes.
    #[serde(default)]
    pub wharf: Option<WharfSection>,
}

/// Wharf's part of a manifest. It is shown before anything runs, and bounds what the extension may register.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WharfSection {
    /// The track of `wharf:extension` that it was built for, for instance `0.1`.
    pub api: String,
    /// The hooks it may register, with their failure policies.
    pub hooks: Vec<HookSpec>,
    /// The tools it may register.
    pub tools: Vec<ToolSpec>,
    /// The commands it may register.
    pub commands: Vec<CommandSpec>,
    /// The events it may subscribe to.
    pub events: Vec<Topic>,
    /// Environment variables that are withheld from subprocesses and that this one needs, by name.
    pub env: Vec<String>,
    /// What it asks for beyond that.
    pub permissions: Permissions,
}

/// What an extension may ask for. There is nothing yet that could be granted; an unknown capability is an error.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Permissions {}

impl Manifest {
    /// What the manifest declares, if it declares anything.
    #[must_use]
    pub fn declared(&self) -> Option<Registration> {
        self.wharf.as_ref().map(|wharf| Registration {
            tools: wharf.tools.clone(),
            commands: wharf.commands.clone(),
            events: wharf.events.clone(),
            hooks: wharf.hooks.clone(),
        })
    }
}
