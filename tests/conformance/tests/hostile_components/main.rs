//! Components that try to break the host, one guest and one scenario an entry: each is told by name with stage, cause and
//! next step, another extension answers as before, and the run goes on.
//!
//! The guests are WebAssembly text, encoded in the test. [`hostile!`] takes a guest together with what must come of it;
//! a guest that stands nowhere does not compile. `WHARF_SOAK=1` runs the big counts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]
#![deny(dead_code)]

/// Makes tests of guests: `name: guest => scenario;`.
macro_rules! hostile {
    ($($name:ident: $guest:expr => $expected:expr;)+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            $crate::scenario::run($guest, $expected).await;
        }
    )+};
}

mod arguments;
mod bombs;
mod files;
mod floods;
mod fuzz;
mod loops;
mod manifests;
mod neighbours;
mod nonsense;
mod resources;
mod scenario;
mod traps;

/// Whether the big counts are asked for.
fn soaking() -> bool {
    std::env::var_os("WHARF_SOAK").is_some()
}
