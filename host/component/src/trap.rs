//! Why a guest's call failed, in words.

use wasmtime::Trap;
use wasmtime::component::ResourceTableError;
use wasmtime_wasi::I32Exit;
use wharf_extensions::error::Fault;
use wharf_extensions::limits::{Budget, ComponentLimits};

use crate::guest::Guest;

/// What wasmtime says when a crossing carries more than it may; the error has no public type.
const CROSSING: &str = "fuel allocated for hostcalls has been exhausted";

/// The fault that an error of wasmtime stands for.
pub(crate) fn describe(
    error: &wasmtime::Error,
    guest: &Guest,
    budget: Budget,
    limits: &ComponentLimits,
) -> Fault {
    let how = match &guest.limiter.denied {
        Some(why) => format!("it trapped: {why}"),
        None => words(error, budget, limits),
    };
    Fault::Died { how }
}

fn words(error: &wasmtime::Error, budget: Budget, limits: &ComponentLimits) -> String {
    if let Some(exit) = error.downcast_ref::<I32Exit>() {
        return format!("it called exit({})", exit.0);
    }
    if let Some(ResourceTableError::Full) = error.downcast_ref::<ResourceTableError>() {
        return format!("it trapped: it holds {} handles already", limits.handles);
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::UnreachableCodeReached) => {
            "it trapped: unreachable code (a panic; its message is in the log)".to_owned()
        }
        Some(trap) => format!("it trapped: {}", trap.to_string().trim_start_matches("wasm trap: ")),
        None if error.root_cause().to_string().contains(CROSSING) => {
            format!("it broke the contract: it gave more than {} at once", budget.crossing)
        }
        None => format!("it broke the contract: {}", error.root_cause()),
    }
}
