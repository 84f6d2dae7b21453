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
    /// Lift an extension's quarantine, so that it is started again
    Enable {
        /// The extension
        name: String,
    },
    /// Show an extension's log
    Logs {
        /// The extension
        name: String,
    },
}
