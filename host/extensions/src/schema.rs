//! A tool's schema, compiled once, that arguments are checked against.

mod aside;
mod blueprint;
mod size;
mod weight;
mod words;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde_json::Value;
use wharf_protocol::json::Json;

use aside::within;
use blueprint::Compiled;
use size::{Size, depth, size};

pub(crate) use aside::aside;
pub(crate) use blueprint::Blueprint;
pub(crate) use words::cut;

/// Nesting of a schema, and of arguments that are still checked; deeper ones do not fit any tool.
const MAX_DEPTH: usize = 64;
/// Steps that a check may take, and a little more: the cost of one that is too large is never paid.
const MAX_COST: u64 = 10_000_000;
/// Steps of a check that is made at once, where it is needed.
const AT_ONCE: u64 = 100_000;
/// Parts times values up to which a misfit is told with its place.
const MAX_TOLD: u64 = 100_000;
/// Parts times bytes of strings up to which it is: each part that is missed quotes what it was held against.
const MAX_QUOTED: u64 = 64 << 20;
/// Bytes of strings that a part may have to look at in the time of a step.
const BYTES_A_STEP: u64 = 256;
/// Steps that a pattern takes for a byte.
const PATTERN_STEPS: u64 = 8;
/// How long compiling a schema, or checking arguments against it, may take: what is counted should end far earlier.
const PATIENCE: Duration = Duration::from_secs(5);

/// A JSON Schema.
pub struct Schema {
    text: Json,
    validator: OnceLock<Result<Arc<Compiled>, String>>,
    /// A check has not ended in time, and may still run: none is begun any more.
    is_stuck: AtomicBool,
}

impl Schema {
    /// A schema that is compiled when it is first needed: the first one in a process takes some milliseconds, and many
    /// runs need none. Of one that is none, each check fails.
    #[must_use]
    pub fn lazily(text: Json) -> Self {
        Self { text, validator: OnceLock::new(), is_stuck: AtomicBool::new(false) }
    }

    /// Compiles a schema, which must be an object.
    ///
    /// # Errors
    /// Why it is no schema.
    pub fn compile(schema: &Json) -> Result<Self, String> {
        let schema = Self::lazily(schema.clone());
        schema.validator()?;
        Ok(schema)
    }

    /// Whether what was looked at can be compiled.
    ///
    /// # Errors
    /// Why it is no schema.
    pub(crate) fn test(blueprint: Blueprint) -> Result<(), String> {
        blueprint.compile().map(drop)
    }

    fn validator(&self) -> Result<&Arc<Compiled>, String> {
        let compile = || Blueprint::of(&self.text)?.compile().map(Arc::new);
        self.validator.get_or_init(compile).as_ref().map_err(Clone::clone)
    }

    /// Checks arguments: at once where that is a matter of moments, otherwise on a thread of its own.
    ///
    /// # Errors
    /// The first problem, with its place in the arguments.
    pub fn check(&self, args: &Json) -> Result<(), String> {
        if depth(args.as_str()) > MAX_DEPTH {
            return Err(format!("they are nested deeper than {MAX_DEPTH} levels"));
        }
        let value = args.value().map_err(|error| cut(&error.to_string()))?;
        let compiled = self.validator().map_err(|why| format!("its schema: {why}"))?;
        let size = size(&value);
        let cost = compiled.cost(size);
        if cost > MAX_COST {
            return Err(format!(
                "they and the schema are too large to be held against each other ({cost} steps)"
            ));
        }
        let is_told = compiled.tells(size);
        if cost <= AT_ONCE {
            return compiled.check(&value, is_told);
        }
        if self.is_stuck.load(Ordering::Relaxed) {
            return Err("an earlier check against the schema did not end in time".to_owned());
        }
        let compiled = compiled.clone();
        within(PATIENCE, move || compiled.check(&value, is_told)).unwrap_or_else(|| {
            self.is_stuck.store(true, Ordering::Relaxed);
            Err(format!("they are not checked after {} s", PATIENCE.as_secs()))
        })
    }

    /// Whether it may be a schema that can be compiled, without compiling it.
    ///
    /// # Errors
    /// Why it is none.
    pub fn glance(schema: &Json) -> Result<(), String> {
        Blueprint::of(schema).map(drop)
    }
}

impl Compiled {
    /// Steps that a check may take: each part may have to be held against each value, each pattern against each byte.
    fn cost(&self, size: Size) -> u64 {
        let looks = size.nodes.saturating_add(size.bytes / BYTES_A_STEP);
        let patterns = self.weight.patterns.saturating_mul(size.bytes).saturating_mul(PATTERN_STEPS);
        self.weight.parts.saturating_mul(looks).saturating_add(patterns)
    }

    /// Whether it is not too much to say where a misfit is.
    fn tells(&self, size: Size) -> bool {
        let parts = self.weight.parts;
        parts.saturating_mul(size.nodes) <= MAX_TOLD && parts.saturating_mul(size.bytes) <= MAX_QUOTED
    }

    fn check(&self, value: &Value, is_told: bool) -> Result<(), String> {
        if self.validator.is_valid(value) {
            return Ok(());
        }
        // An error tells what each alternative missed, at each place: only where that is not much.
        if !is_told {
            return Err("they do not fit, and are too large to say where".to_owned());
        }
        self.validator.validate(value).map_err(|error| {
            let (place, problem) = (error.instance_path().to_string(), words::problem(&error));
            if place.is_empty() { problem } else { cut(&format!("at {}: {problem}", cut(&place))) }
        })
    }
}

#[cfg(test)]
mod tests;
