//! Panels: a few lines that an extension draws.

use serde::{Deserialize, Serialize};

/// A panel as an extension asks for it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Panel {
    /// Names the panel between its extension and the host.
    pub id: String,
    /// The title; empty: the extension's name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// One string for each screen row.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<String>,
    /// A last row; empty: none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub footer: String,
}
