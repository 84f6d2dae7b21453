//! The heart: what an extension is, where it is found, what it registered, and how calls reach it. It knows no backend.
//!
//! | module | what |
//! |---|---|
//! | [`manifest`], [`section`], [`discovery`], [`trust`], [`extension`], [`digest`] | what an extension is, and finding it without running anything |
//! | [`install`] | putting one into the user's directory, and taking it away |
//! | [`permission`], [`limits`] | what it may do, and for how long |
//! | [`backend`], [`inbound`], [`patience`], [`error`] | what a backend is, what it is handed, how long it may take, how it fails |
//! | [`lifecycle`], [`reload`], `fleet`, `shipyard`, `intake`, `services`, [`admission`], [`listing`], `slot` | all of them: starting, letting in, replacing, ending, showing |
//! | `supervisor`, `life`, `launcher`, `breaker`, `turnstile` | one of them: started when it is needed, started again when it crashed, replaced by another version |
//! | [`history`], [`quarantine`], [`registrations`], [`watchmen`], `list_file` | what is known from earlier runs |
//! | [`registry`], [`docked`], [`schema`], `renames` | the immutable snapshot of who owns what |
//! | [`dispatcher`], [`chain`], [`guards`], [`toolbox`], `held_tool` | the way of a call: routed, intercepted, run |
//! | [`journal`], [`follow`], [`meter`], [`reporter`], `ration`, `allowance` | what is written, counted and told, and how often |
//! | [`requests`], `footing`, [`store`] | what an extension asks of the host: the screen, the user, its key-value store |
//! | [`suggestion`] | what was probably meant by a word that means nothing |
//! | [`vault`] | a directory of entries that only this user can have written |

pub mod admission;
mod allowance;
pub mod backend;
mod breaker;
mod chain;
pub mod digest;
pub mod discovery;
pub mod dispatcher;
pub mod docked;
pub mod error;
pub mod extension;
mod fleet;
pub mod follow;
mod footing;
pub mod guards;
mod held_tool;
pub mod history;
pub mod inbound;
pub mod install;
mod intake;
pub mod journal;
mod launcher;
mod life;
pub mod lifecycle;
pub mod limits;
mod list_file;
pub mod listing;
pub mod manifest;
pub mod meter;
mod output;
pub mod patience;
pub mod permission;
mod place;
pub mod quarantine;
mod ration;
pub mod registrations;
pub mod registry;
pub mod reload;
mod renames;
pub mod reporter;
pub mod requests;
pub mod schema;
mod script;
pub mod section;
mod services;
mod shipyard;
mod slot;
pub mod store;
pub mod suggestion;
mod supervisor;
pub mod toolbox;
pub mod trust;
mod turnstile;
pub mod vault;
mod vetting;
pub mod watchmen;

#[cfg(unix)]
#[path = "unix.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;
