//! What the tests share: homes, guests, scripted runs.
//!
//! ```no_run
//! # async fn example() {
//! use wharf_test_support::{BackendKind, Home, script};
//!
//! let home = Home::new();
//! home.install(BackendKind::Component, "weather");
//! let mut session = home.session().script([script::says("hello")]).start().await;
//! assert_eq!(session.run("hi").await.outcome.text, "hello");
//! # }
//! ```
//!
//! | module | what |
//! |---|---|
//! | [`guests`] | where the built guests are |
//! | [`home`] | a directory for everything, with a project beside it |
//! | [`script`] | what the model says |
//! | [`session`] | an agent, and what it told while it ran |
//! | [`wat`] | guests from WebAssembly text |

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test that cannot be set up has failed"
)]

pub mod guests;
pub mod home;
pub mod script;
pub mod session;
pub mod wat;

pub use home::Home;
pub use session::{Session, Transcript};

/// How an extension docks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackendKind {
    /// As a WebAssembly component.
    Component,
    /// As a child process.
    Subprocess,
}

impl BackendKind {
    /// Both of them.
    pub const BOTH: [Self; 2] = [Self::Component, Self::Subprocess];

    /// The word that lists use.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Component => "component",
            Self::Subprocess => "subprocess",
        }
    }
}

/// Whether tests of Python extensions have to be passed over: `WHARF_NO_PYTHON` is set.
#[must_use]
pub fn without_python() -> bool {
    std::env::var_os("WHARF_NO_PYTHON").is_some()
}
