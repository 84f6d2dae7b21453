//! Compiling, behind a port: an embedder's program compiles in its own process, the command line in a child that is
//! limited and can be killed, for a component may be made so that compiling it never ends.

mod child_process;
mod in_process;
mod service;

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;
use wharf_extensions::error::{Fault, seconds};
use wharf_extensions::limits::ComponentLimits;

pub use child_process::ChildProcess;
pub use in_process::InProcess;
pub use service::serve_compile;

/// Makes machine code of components.
///
/// # Safety
/// What [`compile`](Self::compile) returns is going to be run as it is. It must be what `Engine::precompile_component`
/// made of these very bytes, with the settings of this crate's engine ([`config`](crate::config)), and come from nowhere
/// else.
#[async_trait]
pub unsafe trait Compiler: Send + Sync {
    /// Compiles within the limits.
    ///
    /// # Errors
    /// The component is not valid, or compiling it takes more than the limits allow.
    async fn compile(&self, wasm: Arc<[u8]>, limits: &ComponentLimits) -> Result<Vec<u8>, Fault>;
}

/// How many others may be compiled first, each as long as compiling may take.
const TURNS: u32 = 4;

/// Waits until nothing else is being compiled: one component at a time uses all cores.
async fn turn<'a>(turns: &'a Semaphore, limits: &ComponentLimits) -> Result<SemaphorePermit<'a>, Fault> {
    let limit = limits.compile * TURNS;
    match timeout(limit, turns.acquire()).await {
        Ok(Ok(permit)) => Ok(permit),
        Ok(Err(closed)) => Err(Fault::other("nothing is compiled any more", closed)),
        Err(_) => {
            let while_busy = Some("compiling other components".to_owned());
            Err(Fault::TimedOut { limit, while_busy })
        }
    }
}

/// What an author can do about a component that is too much for the compiler.
const SMALLER: &str = "build it smaller: for release, without what it does not use";

fn took_too_long(limits: &ComponentLimits) -> Fault {
    Fault::invalid_with(format!("compiling took longer than {}", seconds(limits.compile)), SMALLER)
}

fn needed_too_much(limits: &ComponentLimits) -> Fault {
    Fault::invalid_with(format!("compiling needed more than {}", limits.compile_memory), SMALLER)
}

fn made_too_much(limits: &ComponentLimits) -> Fault {
    Fault::invalid_with(format!("compiling made more than {} of it", limits.compiled), SMALLER)
}

/// `what` is the compiler's own text.
fn not_valid(what: &str) -> Fault {
    Fault::invalid(format!("the component is not valid: {what}"))
}
