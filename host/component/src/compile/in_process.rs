//! Compiling in this process.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use wharf_extensions::error::Fault;
use wharf_extensions::limits::ComponentLimits;

use super::{Compiler, made_too_much, not_valid, took_too_long, turn};
use crate::engine;

/// Threads that may be compiling: one that is waited for, and those that were given up.
const THREADS: usize = 4;

/// Compiles in this process, one component at a time. What takes too long is no longer waited for, but cannot be
/// ended, and its memory is not limited.
#[derive(Debug)]
pub struct InProcess {
    /// Who is waited for.
    turns: Semaphore,
    /// Held by a thread until it ends, also when it is no longer waited for.
    threads: Arc<Semaphore>,
}

impl Default for InProcess {
    fn default() -> Self {
        Self { turns: Semaphore::new(1), threads: Arc::new(Semaphore::new(THREADS)) }
    }
}

// SAFETY: it is the engine's own compiler, in this process.
#[async_trait]
unsafe impl Compiler for InProcess {
    async fn compile(&self, wasm: Arc<[u8]>, limits: &ComponentLimits) -> Result<Vec<u8>, Fault> {
        let _turn = turn(&self.turns, limits).await?;
        let host = engine::host().map_err(|why| Fault::NotRunning { why })?;
        let threads = self.threads.clone();
        let work = async move {
            let thread = threads.acquire_owned().await;
            let work = host.runtime.spawn_blocking(move || {
                let _thread = thread;
                host.engine.precompile_component(&wasm)
            });
            work.await
        };
        match timeout(limits.compile, work).await {
            Ok(Ok(Ok(compiled))) if compiled.len() <= limits.compiled.count() => Ok(compiled),
            Ok(Ok(Ok(_))) => Err(made_too_much(limits)),
            Ok(Ok(Err(error))) => Err(not_valid(&format!("{error:#}"))),
            Ok(Err(error)) => Err(Fault::other("the compiler ended", error)),
            Err(_) => Err(took_too_long(limits)),
        }
    }
}
