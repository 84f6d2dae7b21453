//! Schemas of an extension are compiled before they are let in, and before anybody waits: what compiles is found out off
//! the runtime's threads, and without holding the fleet. What one start may make the host compile has a limit.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use blake3::Hash;
use wharf_protocol::json::Json;
use wharf_protocol::registration::Registration;

use crate::schema::{Blueprint, Schema};
use crate::supervisor::Supervisor;

/// Bytes of all schemas that one start may register.
const MAX_BYTES: usize = 4 << 20;
/// What a schema counts at least: its verdict is kept.
const MIN_BYTES: usize = 1 << 10;
/// Patterns in all of them.
const MAX_PATTERNS: u64 = 500;
/// How long compiling them may take: what is counted should end far earlier.
const MAX_TIME: Duration = Duration::from_secs(10);

/// What is known of the schemas that an extension has registered in its present start.
#[derive(Default)]
pub(crate) struct Vetting {
    verdicts: HashMap<Hash, Result<(), String>>,
    bytes: usize,
    patterns: u64,
    time: Duration,
}

impl Vetting {
    /// Whether this schema may be let in.
    pub(crate) fn verdict(&self, schema: &Json) -> Result<(), String> {
        self.verdicts.get(&hash(schema)).cloned().unwrap_or_else(|| {
            Err(format!(
                "together with the schemas before it, it is too much: {MAX_BYTES} bytes and {MAX_PATTERNS} patterns \
                 are allowed for all tools of an extension"
            ))
        })
    }

    fn knows(&self, schema: &Json) -> bool {
        self.verdicts.contains_key(&hash(schema))
    }

    /// Makes room for a schema, if there is.
    fn reserve(&mut self, schema: &Json, patterns: u64) -> bool {
        let bytes = self.bytes + schema.as_str().len().max(MIN_BYTES);
        let patterns = self.patterns.saturating_add(patterns);
        let fits = bytes <= MAX_BYTES && patterns <= MAX_PATTERNS && self.time <= MAX_TIME;
        if fits {
            (self.bytes, self.patterns) = (bytes, patterns);
        }
        fits
    }

    fn note(&mut self, schema: &Json, verdict: Result<(), String>, time: Duration) {
        self.verdicts.insert(hash(schema), verdict);
        self.time += time;
    }
}

impl Supervisor {
    /// Finds out which schemas of a registration compile. Blocks, and must not be called by who holds the fleet.
    pub(crate) fn vet(&self, registration: &Registration) {
        for schema in registration.tools.iter().map(|tool| &tool.schema) {
            if self.early().vetting.knows(schema) {
                continue;
            }
            let begun = Instant::now();
            let blueprint = Blueprint::of(schema);
            let patterns = blueprint.as_ref().map_or(0, Blueprint::patterns);
            if self.early().vetting.reserve(schema, patterns) {
                let verdict = blueprint.and_then(Schema::test);
                self.early().vetting.note(schema, verdict, begun.elapsed());
            }
        }
    }
}

fn hash(schema: &Json) -> Hash {
    blake3::hash(schema.as_str().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_all_schemas_of_an_extension_may_take_has_a_limit() {
        let schema = |n: usize| Json::new(format!("{{\"title\":\"{n}{}\"}}", "x".repeat(60_000))).unwrap();
        let mut vetting = Vetting::default();
        let fit = (0..200).filter(|n| {
            let fits = vetting.reserve(&schema(*n), 0);
            if fits {
                vetting.note(&schema(*n), Ok(()), Duration::ZERO);
            }
            fits
        });
        assert_eq!(fit.count(), MAX_BYTES / 60_014);
        assert_eq!(vetting.verdict(&schema(0)), Ok(()));
        let refused = vetting.verdict(&schema(199)).unwrap_err();
        assert!(refused.starts_with("together with the schemas before it, it is too much"), "{refused}");

        let mut vetting = Vetting::default();
        assert!(vetting.reserve(&schema(0), MAX_PATTERNS) && !vetting.reserve(&schema(1), 1));
        let mut vetting = Vetting::default();
        vetting.note(&schema(0), Ok(()), MAX_TIME + Duration::from_secs(1));
        assert!(!vetting.reserve(&schema(1), 0));
    }
}
