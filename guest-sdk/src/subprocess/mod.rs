//! The extension as a subprocess: the JSON-lines protocol over standard input and output, version 2 if the host speaks
//! it.
//!
//! One thread reads ([`inbox`]), another answers one frame after the other, so answers come in the order of the
//! questions. What the extension logs goes to standard error, which the host keeps.

mod answer;
mod dialogue;
mod inbox;
pub(crate) mod outlet;

use std::io;
use std::process::ExitCode;

use wharf_protocol::notice::LogLevel;

use crate::{Extension, Host};

/// Runs the extension until the host says `shutdown` or closes standard input. To be called by `main`.
#[must_use]
pub fn run<E: Extension>() -> ExitCode {
    let host = Host(outlet::Services::new(io::stdout()));
    match dialogue::hold::<E>(io::stdin(), &host) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            host.log(LogLevel::Error, &error.to_string());
            ExitCode::FAILURE
        }
    }
}
