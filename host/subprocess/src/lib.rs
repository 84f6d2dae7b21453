//! Backend: extensions that are child processes speaking JSON lines: protocol version 1, as zot's extensions do, or
//! version 2 if they ask for it.
//!
//! | module | what |
//! |---|---|
//! | [`backend`] | starts the process: program, directory, environment |
//! | [`handshake`] | hello, its answer, and the wait until the extension is ready |
//! | [`terms`] | what it may take, of time and of the host |
//! | `peer` | what the host knows of a running extension: its queue, its calls, its life |
//! | `incoming` | what becomes of each line from the extension |
//! | `requests` | what it asks of the host, and the replies |
//! | `enrolment` | what it registers |
//! | `serving` | the three loops, and how it ended |
//! | `instance` | calls, events, the end |
//! | `answers` | frames turned into verdicts and outcomes |
//!
//! Life of an extension: starting (everything it registers is collected) → running (registrations are handed on,
//! its end is reported) → stopping, or dead with a cause that every later call is told.

mod answers;
pub mod backend;
mod enrolment;
pub mod handshake;
mod incoming;
mod instance;
mod peer;
mod requests;
mod serving;
pub mod terms;

pub use backend::SubprocessBackend;
pub use handshake::ZOT_VERSION;
pub use terms::{Terms, Timing};
