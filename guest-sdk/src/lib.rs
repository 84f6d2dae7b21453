//! Write a Wharf extension once, build it as a component or as a subprocess.
//!
//! An extension is a type that implements [`Extension`]. From the same source come
//!
//! - a **component**, sandboxed: `cargo build --lib --release --target wasm32-wasip2`, for which the library says
//!   [`export!`] and [`manifest!`], and
//! - a **subprocess** that speaks the JSON-lines protocol, version 2 with Wharf and version 1 under zot:
//!   `cargo build --release`, for which `src/main.rs` calls [`run`].
//!
//! `src/lib.rs`, in a crate whose library is of the types `cdylib` (the component) and `rlib` (for `main.rs`):
//!
//! ```
//! use wharf_guest::{Extension, Host, Json, Registration, Start, ToolCall, ToolOutput, ToolSpec};
//!
//! pub struct Greeter;
//!
//! impl Extension for Greeter {
//!     const NAME: &'static str = "greeter";
//!     const VERSION: &'static str = "1.0.0";
//!
//!     fn start(_: &Start, _: &Host) -> Result<Self, String> {
//!         Ok(Self)
//!     }
//!
//!     fn registration(&self) -> Registration {
//!         Registration::new().tool(ToolSpec::new("greet", "Says hello.", Json::empty_object()))
//!     }
//!
//!     fn tool(&mut self, _: &ToolCall, _: &Host) -> ToolOutput {
//!         ToolOutput::text("Hello!")
//!     }
//! }
//!
//! wharf_guest::export!(Greeter);
//! # fn main() {}
//! ```
//!
//! and `src/main.rs`:
//!
//! ```ignore
//! fn main() -> std::process::ExitCode {
//!     wharf_guest::run::<greeter::Greeter>()
//! }
//! ```
//!
//! A tool is handed the [`Host`], of which it may ask more: here to keep a number, to tell how far it is, and to ask the
//! user. Where there is nobody to ask, [`RequestError::NoUi`] is the answer.
//!
//! ```
//! use wharf_guest::{Host, RequestError, Scope, ToolOutput};
//!
//! fn count(host: &Host) -> Result<ToolOutput, RequestError> {
//!     let kept = host.stored(Scope::Project, "count")?;
//!     let (count, version) = match kept {
//!         Some(kept) => (kept.value.parse().unwrap_or(0), kept.version),
//!         None => (0_u32, 0),
//!     };
//!     host.progress("asking\n");
//!     match host.confirm("Count?", "It stands in the store of this project.") {
//!         Ok(true) => {}
//!         Ok(false) | Err(RequestError::Dismissed) => return Ok(ToolOutput::text("not counted")),
//!         Err(RequestError::NoUi) => host.progress("there is nobody to ask\n"),
//!         Err(error) => return Err(error),
//!     }
//!     // A call in between has changed it: then this one says so, and nothing is lost.
//!     host.store(Scope::Project, "count", &(count + 1).to_string(), Some(version))?;
//!     Ok(ToolOutput::text(format!("counted {}", count + 1)))
//! }
//! ```
//!
//! | module | what |
//! |---|---|
//! | `extension` | the trait |
//! | `host` | what an extension may ask of its host |
//! | `component` | `wasm32` only: the WIT bindings and the adapter between them and the trait |
//! | `subprocess` | elsewhere: the loop over standard input and output |

#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod component;
mod extension;
mod host;
#[cfg(not(target_arch = "wasm32"))]
mod subprocess;

pub use extension::Extension;
pub use host::Host;

pub use wharf_protocol::command::{CommandResult, CommandSpec, Outcome};
pub use wharf_protocol::content::Content;
pub use wharf_protocol::event::{Event, PromptStatus, Stop, Switch, Topic, Usage};
pub use wharf_protocol::hook::{
    Compaction, CompactionCause, CompactionVerdict, HookPoint, HookSpec, MessageVerdict, OnFailure, Prompt,
    PromptVerdict, ResultVerdict, ToolReport, ToolVerdict, TurnVerdict,
};
pub use wharf_protocol::json::Json;
pub use wharf_protocol::notice::{Level, LogLevel};
pub use wharf_protocol::panel::Panel;
pub use wharf_protocol::registration::{Occasion, Registration, Start};
pub use wharf_protocol::request::{RequestError, Scope, Value};
pub use wharf_protocol::tool::{ToolCall, ToolOutput, ToolSpec, ToolTraits};

#[cfg(not(target_arch = "wasm32"))]
pub use subprocess::run;

/// Runs the extension as a subprocess. A component has no use for it; it is here so that `main.rs` compiles.
#[cfg(target_arch = "wasm32")]
#[must_use]
pub fn run<E: Extension>() -> std::process::ExitCode {
    std::process::ExitCode::FAILURE
}

/// Makes a type that implements [`Extension`] the component's exports. Elsewhere than on `wasm32` it does nothing.
#[macro_export]
macro_rules! export {
    ($extension:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            type Component = $crate::component::Adapter<$extension>;
            $crate::component::bindings::export_extension!(Component with_types_in $crate::component::bindings);
        };
    };
}

/// Embeds the manifest, whose path is relative to the file with this line, into the component as its custom section
/// `wharf:manifest` (64 KiB at most). Elsewhere than on `wasm32` it does nothing: there the file itself counts.
#[macro_export]
macro_rules! manifest {
    ($path:literal) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            const TEXT: &[u8] = include_bytes!($path);
            const _: () = assert!(TEXT.len() <= 64 * 1024, "a manifest may have 64 KiB");
            #[used]
            #[unsafe(link_section = "wharf:manifest")]
            static SECTION: [u8; TEXT.len()] = *include_bytes!($path);
        };
    };
}
