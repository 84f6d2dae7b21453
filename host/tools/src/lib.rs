//! The built-in tools.
//!
//! | module | what |
//! |---|---|
//! | `read` | a file of the working directory, page by page |
//! | `bash` | a shell command, bounded in time and output |
//! | `workspace` | the working directory, which no path leads out of |
//!
//! What goes wrong inside a tool is an answer that the model reads.

mod bash;
mod read;
mod workspace;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::de::DeserializeOwned;
use thiserror::Error;
use wharf_ports::tool::Tool;
use wharf_protocol::json::Json;

use bash::Bash;
use read::Read;
use workspace::Workspace;

/// Names that no extension's tool may take, whether or not the tool is built yet, or switched on.
pub const NAMES: &[&str] = &["bash", "edit", "find", "grep", "ls", "read", "skill", "write"];

/// Longest text that a tool gives, in bytes.
const MAX_BYTES: usize = 50 * 1024;
/// Longest text that a tool gives, in lines.
const MAX_LINES: usize = 2000;

/// Why the tools cannot be built.
#[derive(Debug, Error)]
pub enum ToolsError {
    /// The working directory cannot be opened.
    #[error("the working directory {} cannot be opened: {source}", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

/// All built-in tools, working in a directory; sorted by name.
///
/// # Errors
/// [`ToolsError::Directory`] when the directory cannot be opened.
pub fn builtins(cwd: &Path) -> Result<Vec<Arc<dyn Tool>>, ToolsError> {
    let workspace =
        Workspace::open(cwd).map_err(|source| ToolsError::Directory { path: cwd.to_owned(), source })?;
    let workspace = Arc::new(workspace);
    Ok(vec![Arc::new(Bash::new(workspace.path())), Arc::new(Read::new(workspace))])
}

/// Reads a tool's arguments; the error is for the model.
fn parse_args<T: DeserializeOwned>(args: &Json) -> Result<T, String> {
    args.parse().map_err(|problem| format!("invalid args: {problem}"))
}
