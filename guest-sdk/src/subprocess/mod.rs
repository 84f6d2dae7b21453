//! The extension as a subprocess: version 1 of the JSON-lines protocol over standard input and output.
//!
//! One thread reads a frame, answers it and reads the next, so answers come in the order of the questions. What the
//! extension logs goes to standard error, which the host keeps.

mod answer;
mod dialogue;
pub(crate) mod outlet;

use std::io;
use std::process::ExitCode;

use wharf_protocol::notice::LogLevel;

use crate::{Extension, Host};

/// Runs the extension until the host says `shutdown` or closes standard input. To be called by `main`.
#[must_use]
pub fn run<E: Extension>() -> ExitCode {
    let host = Host(outlet::Services::new(io::stdout()));
    match dialogue::hold::<E>(io::stdin().lock(), &host) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            host.log(LogLevel::Error, &error.to_string());
            ExitCode::FAILURE
        }
    }
}
