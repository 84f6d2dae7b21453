//! Memory of one instance: all of its memories and tables together.

use wasmtime::ResourceLimiter;

/// Linear memory and tables of one instance, in bytes.
pub(crate) const MEMORY: usize = 64 << 20;
/// Elements of all tables of one instance.
const TABLE_ELEMENTS: usize = 100_000;
const MEMORIES: usize = 8;
const TABLES: usize = 32;
const INSTANCES: usize = 64;

/// Counts what an instance holds and denies more than the limit. wasmtime's own limiter looks at each memory alone.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    memory: usize,
    table_elements: usize,
    /// Remembered so that the trap which follows can be explained.
    pub(crate) denied: Option<&'static str>,
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let total = self.memory.saturating_add(desired.saturating_sub(current));
        if total > MEMORY {
            self.denied = Some("it wanted more than 64 MiB of memory");
            return Ok(false);
        }
        self.memory = total;
        Ok(true)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let total = self.table_elements.saturating_add(desired.saturating_sub(current));
        if total > TABLE_ELEMENTS {
            self.denied = Some("it wanted more than 100,000 table elements");
            return Ok(false);
        }
        self.table_elements = total;
        Ok(true)
    }

    fn instances(&self) -> usize {
        INSTANCES
    }

    fn tables(&self) -> usize {
        TABLES
    }

    fn memories(&self) -> usize {
        MEMORIES
    }
}
