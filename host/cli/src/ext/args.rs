//! The command line of `wharf ext`.

use clap::{Parser, Subcommand};

/// Look at extensions, install and remove them, try them out
#[derive(Debug, Parser)]
#[command(name = "wharf ext", bin_name = "wharf ext", disable_help_subcommand = true)]
pub(crate) struct ExtCli {
    #[command(subcommand)]
    pub(crate) command: ExtCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ExtCommand {
    /// List what is installed, without starting anything
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Install an extension, without running anything of it
    Install {
        /// A directory with an extension.json, a .wasm file, or a git repository (https://, ssh://, git@, file://)
        source: String,
        /// A branch, a tag or a commit of the repository; also as SOURCE#REV
        #[arg(long, value_name = "REV")]
        rev: Option<String>,
    },
    /// Remove an installed extension
    #[command(alias = "rm")]
    Remove {
        /// The extension
        name: String,
        /// Do not ask
        #[arg(short = 'y', long)]
        yes: bool,
        /// Delete what it kept and logged as well
        #[arg(long)]
        purge: bool,
    },
    /// Switch an extension on, and lift its quarantine
    Enable {
        /// The extension
        name: String,
    },
    /// Switch an extension off; it stays installed
    Disable {
        /// The extension
        name: String,
    },
    /// Tell what an extension is made of and what is wrong with it, without running it
    Check {
        /// A directory with an extension.json, a .wasm file, or the name of an installed extension
        what: String,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Show an extension's log
    Logs {
        /// The extension
        name: String,
        /// Go on with what is written, until interrupted
        #[arg(short, long)]
        follow: bool,
        /// Only the last lines
        #[arg(short = 'n', long, value_name = "LINES")]
        lines: Option<usize>,
    },
}
