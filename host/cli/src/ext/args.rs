//! The command line of `wharf ext`.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Parser, Subcommand};

use crate::args::Approve;

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
        #[arg(value_parser = NonEmptyStringValueParser::new())]
        source: String,
        /// A branch, a tag or a commit of the repository; also as SOURCE#REV
        #[arg(long, value_name = "REV")]
        rev: Option<String>,
        /// Put it in the place of the one that is installed; what that one kept and logged stays
        #[arg(long)]
        replace: bool,
    },
    /// Remove an installed extension
    #[command(alias = "rm")]
    Remove {
        /// The extension
        #[arg(value_parser = NonEmptyStringValueParser::new())]
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
        #[arg(value_parser = NonEmptyStringValueParser::new())]
        name: String,
    },
    /// Switch an extension off; it stays installed
    Disable {
        /// The extension
        #[arg(value_parser = NonEmptyStringValueParser::new())]
        name: String,
    },
    /// Tell what an extension is made of and what is wrong with it, without running it
    Check {
        /// A directory with an extension.json, a .wasm file, or the name of an installed extension
        #[arg(value_parser = NonEmptyStringValueParser::new())]
        what: String,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Try an extension: load it alone, and take prompts from the command line or line by line from standard input
    Run(RunArgs),
    /// Show an extension's log
    Logs {
        /// The extension
        #[arg(value_parser = NonEmptyStringValueParser::new())]
        name: String,
        /// Go on with what is written, until interrupted
        #[arg(short, long)]
        follow: bool,
        /// Only the last lines
        #[arg(short = 'n', long, value_name = "LINES")]
        lines: Option<usize>,
    },
}

/// What `wharf ext run` takes.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// A directory with an extension.json, or a .wasm file
    pub(crate) path: PathBuf,
    /// One prompt: `/NAME ...` runs a command, `call NAME {...}` has the demo model call a tool
    pub(crate) prompt: Vec<String>,
    /// The provider; demo, unless something else is said
    #[arg(long, value_name = "NAME")]
    pub(crate) provider: Option<String>,
    /// The model
    #[arg(long, value_name = "ID")]
    pub(crate) model: Option<String>,
    /// Replay this file instead of asking a model
    #[arg(long, value_name = "FILE")]
    pub(crate) script: Option<PathBuf>,
    /// The directory to work in
    #[arg(long, value_name = "DIR")]
    pub(crate) cwd: Option<PathBuf>,
    /// What happens before a tool runs that may destroy something
    #[arg(long, value_name = "MODE")]
    pub(crate) approve: Option<Approve>,
    /// Load it anew whenever its content changes; prompts come from standard input
    #[arg(long, conflicts_with = "prompt")]
    pub(crate) watch: bool,
}
