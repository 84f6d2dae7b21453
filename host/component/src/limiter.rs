//! Memory of one instance: all of its memories and tables together.

use std::sync::Arc;

use wasmtime::ResourceLimiter;
use wharf_extensions::limits::ComponentLimits;

use crate::pool::{Exhausted, Pool};

/// What one element of a table takes.
const ELEMENT: usize = 8;

/// Counts what an instance holds, denies more than the limits, and gives all of it back when the instance goes.
/// wasmtime's own limiter looks at each memory alone.
#[derive(Debug)]
pub(crate) struct Limiter {
    limits: ComponentLimits,
    pool: Arc<Pool>,
    bytes: usize,
    elements: usize,
    /// What was allowed last, of memories and of tables: it is given back if it then fails. Both are told of a failure
    /// only after they were asked, as long as pages have their usual size.
    last: Growth,
    last_of_tables: Growth,
    /// Remembered so that the trap which follows can be explained.
    pub(crate) denied: Option<String>,
}

#[derive(Debug, Default)]
struct Growth {
    bytes: usize,
    elements: usize,
}

impl Limiter {
    pub(crate) fn new(limits: &ComponentLimits, pool: Arc<Pool>) -> Self {
        Self {
            limits: *limits,
            pool,
            bytes: 0,
            elements: 0,
            last: Growth::default(),
            last_of_tables: Growth::default(),
            denied: None,
        }
    }

    /// Counts the growth, or remembers why not.
    fn take(&mut self, growth: &Growth) -> bool {
        let limits = &self.limits;
        if self.elements.saturating_add(growth.elements) > limits.table_elements {
            self.denied = Some(format!("it wanted more than {} table elements", limits.table_elements));
            return false;
        }
        if self.bytes.saturating_add(growth.bytes) > limits.memory.count() {
            self.denied = Some(format!("it wanted more than {} of memory", limits.memory));
            return false;
        }
        if let Err(Exhausted { held, most }) = self.pool.take(growth.bytes, limits.memory_of_all) {
            let (held, most) = (held >> 20, most.wide() >> 20);
            self.denied = Some(format!(
                "all extensions together hold {held} MiB already, and {most} MiB are all they may hold"
            ));
            return false;
        }
        self.bytes += growth.bytes;
        self.elements += growth.elements;
        true
    }

    fn give_back(&mut self, growth: &Growth) {
        self.pool.give_back(growth.bytes);
        self.bytes -= growth.bytes;
        self.elements -= growth.elements;
    }
}

/// What declares a maximum of its own cannot pass it: that fails without us, and must not be counted.
fn passes(desired: usize, maximum: Option<usize>) -> bool {
    maximum.is_some_and(|maximum| desired > maximum)
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        self.last = Growth::default();
        if passes(desired, maximum) {
            return Ok(false);
        }
        let growth = Growth { bytes: desired.saturating_sub(current), elements: 0 };
        let allowed = self.take(&growth);
        if allowed {
            self.last = growth;
        }
        Ok(allowed)
    }

    fn memory_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        let failed = std::mem::take(&mut self.last);
        self.give_back(&failed);
        Ok(())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        self.last_of_tables = Growth::default();
        if passes(desired, maximum) {
            return Ok(false);
        }
        let elements = desired.saturating_sub(current);
        let growth = Growth { bytes: elements.saturating_mul(ELEMENT), elements };
        let allowed = self.take(&growth);
        if allowed {
            self.last_of_tables = growth;
        }
        Ok(allowed)
    }

    fn table_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        let failed = std::mem::take(&mut self.last_of_tables);
        self.give_back(&failed);
        Ok(())
    }

    fn instances(&self) -> usize {
        self.limits.instances
    }

    fn tables(&self) -> usize {
        self.limits.tables
    }

    fn memories(&self) -> usize {
        self.limits.memories
    }
}

impl Drop for Limiter {
    fn drop(&mut self) {
        self.pool.give_back(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use wharf_extensions::limits::Bytes;

    use super::*;

    const PAGE: usize = 64 << 10;

    fn limits() -> ComponentLimits {
        ComponentLimits { memory: Bytes::kib(256), table_elements: 1000, ..ComponentLimits::STANDARD }
    }

    fn failed() -> wasmtime::Error {
        wasmtime::Error::msg("no address space")
    }

    #[test]
    fn all_memories_and_tables_count_together_and_all_is_given_back() {
        let pool = Arc::new(Pool::new(Bytes::mib(1)));
        let mut limiter = Limiter::new(&limits(), pool.clone());
        assert!(limiter.memory_growing(0, 2 * PAGE, None).unwrap());
        assert!(limiter.memory_growing(0, PAGE, None).unwrap());
        assert!(limiter.table_growing(0, 1000, None).unwrap());
        assert_eq!(pool.held(), 3 * PAGE + 8000);
        assert!(!limiter.memory_growing(PAGE, 2 * PAGE, None).unwrap(), "the tables have the rest");
        assert_eq!(limiter.denied.as_deref(), Some("it wanted more than 256 KiB of memory"));
        assert!(!limiter.table_growing(1000, 1001, None).unwrap());
        assert_eq!(limiter.denied.as_deref(), Some("it wanted more than 1000 table elements"));
        drop(limiter);
        assert_eq!(pool.held(), 0);
    }

    #[test]
    fn a_growth_that_fails_is_not_counted_and_not_given_back_twice() {
        let pool = Arc::new(Pool::new(Bytes::mib(1)));
        let mut limiter = Limiter::new(&limits(), pool.clone());
        assert!(limiter.memory_growing(0, PAGE, None).unwrap());
        assert!(limiter.table_growing(0, 100, None).unwrap());
        assert!(limiter.memory_growing(PAGE, 3 * PAGE, None).unwrap());
        limiter.memory_grow_failed(failed()).unwrap();
        limiter.memory_grow_failed(failed()).unwrap();
        assert_eq!(pool.held(), PAGE + 800);
        limiter.table_grow_failed(failed()).unwrap();
        assert_eq!(pool.held(), PAGE);
        assert!(!limiter.memory_growing(PAGE, usize::MAX, None).unwrap(), "more than can be counted");
        limiter.memory_grow_failed(failed()).unwrap();
        assert_eq!(pool.held(), PAGE, "what was denied is not given back");
    }

    #[test]
    fn what_passes_its_own_maximum_is_not_blamed_on_the_limits() {
        let pool = Arc::new(Pool::new(Bytes::mib(1)));
        let mut limiter = Limiter::new(&limits(), pool.clone());
        assert!(!limiter.memory_growing(0, 2 * PAGE, Some(PAGE)).unwrap());
        assert_eq!((limiter.denied.as_deref(), pool.held()), (None, 0));
    }

    #[test]
    fn one_instance_finds_what_the_others_left() {
        let pool = Arc::new(Pool::new(Bytes::mib(1)));
        let limits = ComponentLimits { memory: Bytes::mib(1), ..limits() };
        let mut first = Limiter::new(&limits, pool.clone());
        assert!(first.memory_growing(0, 15 * PAGE, None).unwrap());
        let mut second = Limiter::new(&limits, pool);
        assert!(!second.memory_growing(0, 2 * PAGE, None).unwrap());
        let why = second.denied.take().unwrap();
        assert_eq!(why, "all extensions together hold 0 MiB already, and 1 MiB are all they may hold");
        drop(first);
        assert!(second.memory_growing(0, 2 * PAGE, None).unwrap());
    }
}
