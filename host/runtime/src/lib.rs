//! Puts the agent together: the embedding SDK. The binary, the demo and the tests stand on this and on nothing below.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use wharf_runtime::{ModelChoice, Wharf};
//!
//! let wharf = Wharf::builder().cwd("/home/me/project").model(ModelChoice::Demo).build().await?;
//! let run = wharf.prompt("call weather {\"city\":\"Berlin\"}").await;
//! println!("{}", run.outcome().await.text);
//! wharf.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! | module | what |
//! |---|---|
//! | [`builder`] | everything that can be chosen before the start |
//! | [`handle`] | [`Wharf`]: prompt, cancel, events, extensions, close |
//! | `conversation`, `face` | the conversation as a whole; what a face tells of the user |
//! | [`outcome`] | how a prompt ended, and the exit code that stands for it |
//! | [`approval`] | who decides whether a tool may run |
//! | [`bus`] | the events, to every face |
//! | `interface`, `submissions` | what extensions have of the screen, and prompts that they submit |
//! | `reload` | loading extensions anew |
//! | [`watch`] | what is dropped into the extensions' directory, or taken away, while the agent runs |
//! | [`survey`] | what is installed, without starting anything |
//! | [`check`] | what an extension is made of, for its author |
//! | [`install`], [`switch`] | installing and removing, switching on and off |
//! | [`places`] | where configuration, extensions, logs and data lie |
//! | [`config`] | `config.toml` |

mod approval;
mod assembly;
mod builder;
mod builtin;
mod bus;
mod check;
mod command;
mod config;
mod conversation;
mod face;
mod handle;
mod install;
mod interface;
mod outcome;
mod places;
mod reload;
mod search;
mod submissions;
mod survey;
mod switch;
mod tokens;
mod watch;

pub use approval::{ApprovalMode, PolicyApprover};
pub use builder::{BuildError, Builder, ModelChoice};
pub use builtin::COMMANDS;
pub use bus::Events;
pub use check::Report;
pub use config::{Config, ConfigError};
pub use handle::{Run, Wharf};
pub use install::{Installed, Prepared};
pub use outcome::{Outcome, Status};
pub use places::{Places, PlacesError};
pub use survey::{Condition, Survey, Surveyed};
pub use switch::Switched;
pub use watch::WatchMode;

/// What messages are made of.
pub use wharf_protocol::content::Content;

/// What an extension's dialog is, and the answer to it.
pub use wharf_protocol::request::{Reply, Request};

/// Why a conversation was not made shorter, and what it is when it was.
pub use wharf_agent::{Compacted, RefusedCall, RunError};

/// Kills every process group that any agent of this program started: for a program that must end at once.
pub use wharf_child::kill_all;

/// Text from an extension or a model, made harmless for a terminal.
pub use wharf_protocol::text::{harmless, harmless_line};

/// How components are compiled, for [`Builder::compiler`].
pub mod compile {
    pub use wharf_component::{ChildProcess, Compiler, InProcess, serve_compile};
}

/// The vocabulary of events, messages and ports, for faces and embedders.
pub use wharf_ports as ports;

/// What faces show of extensions.
pub mod extensions {
    pub use wharf_extensions::discovery::{Discovery, Problem};
    pub use wharf_extensions::error::{ExtError, Fault, Stage};
    pub use wharf_extensions::follow::Follower;
    pub use wharf_extensions::install;
    pub use wharf_extensions::journal;
    pub use wharf_extensions::limits;
    pub use wharf_extensions::listing::{Listing, State};
    pub use wharf_extensions::meter::Reading;
    pub use wharf_extensions::quarantine::QuarantineError;
    pub use wharf_extensions::reload::{Change, What, summary};
    pub use wharf_extensions::suggestion::nearest;
    pub use wharf_protocol::id::ExtensionId;
}

/// The version of this build.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
