//! What a schema may make a validator do: how many parts and patterns it comes by, with every `$ref` followed.
//!
//! What is counted here has to be what the validator follows. Whatever could make a reference mean something else to it
//! (identifiers below the root, escapes, references to names) is refused, so that there is one way to read what is left.

use std::collections::HashMap;

use serde_json::{Map, Value};

/// Parts of a schema.
pub(super) const MAX_PARTS: u64 = 5000;
/// Patterns of a schema: each costs memory, and time for every byte that it is held against.
pub(super) const MAX_PATTERNS: u64 = 100;
/// Nesting of a schema with every `$ref` followed; a validator goes that deep, too.
const MAX_REACH: u64 = 128;

/// How much a validator may come by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Weight {
    /// Parts of the schema.
    pub(super) parts: u64,
    /// Patterns among them.
    pub(super) patterns: u64,
    /// How deep they are nested.
    reach: u64,
}

/// What a validator may come by, since it follows each `$ref` each time.
///
/// # Errors
/// Why checking against the schema might not end, or why nobody can tell.
pub(super) fn weight(schema: &Value) -> Result<Weight, String> {
    let mut counter = Counter { root: schema, known: HashMap::new(), ids: ids(schema) };
    let weight = counter.part(schema, 0)?;
    match weight {
        Weight { parts, .. } if parts > MAX_PARTS => Err(might_not_end(&format!(
            "its $refs and unevaluated keywords expand to more than {MAX_PARTS} parts"
        ))),
        Weight { reach, .. } if reach > MAX_REACH => Err(too_deep()),
        Weight { patterns, .. } if patterns > MAX_PATTERNS => Err(format!(
            "it has {patterns} patterns, each counted as often as it is referred to; {MAX_PATTERNS} are allowed"
        )),
        weight => Ok(weight),
    }
}

/// What gives a part a name or a dialect of its own. Plain `id` does in the oldest dialect alone; in the others it is
/// no keyword.
fn ids(root: &Value) -> &'static [&'static str] {
    match root.get("$schema").and_then(Value::as_str) {
        Some(dialect) if dialect.contains("draft-04") => &["$id", "$schema", "id"],
        _ => &["$id", "$schema"],
    }
}

struct Counter<'a> {
    root: &'a Value,
    /// What is behind a reference; nothing while it is being counted.
    known: HashMap<&'a str, Option<Weight>>,
    ids: &'static [&'static str],
}

impl<'a> Counter<'a> {
    fn part(&mut self, part: &'a Value, level: u64) -> Result<Weight, String> {
        if level > MAX_REACH {
            return Err(too_deep());
        }
        let mut total = Weight { parts: 1, patterns: 0, reach: 1 };
        match part {
            Value::Object(fields) => {
                for (key, value) in fields {
                    total.add(self.field(key, value, level)?);
                }
                if let Some(Value::Object(patterns)) = fields.get("patternProperties") {
                    total.patterns = total.patterns.saturating_add(patterns.len() as u64);
                }
                if looks_again(fields) {
                    // At each level below, it is found out anew which branches hold.
                    total.parts = total.parts.saturating_mul(total.reach + 1);
                    total.patterns = total.patterns.saturating_mul(total.reach + 1);
                }
            }
            Value::Array(items) => {
                for item in items {
                    total.add(self.part(item, level + 1)?);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
        Ok(total)
    }

    fn field(&mut self, key: &'a str, value: &'a Value, level: u64) -> Result<Weight, String> {
        match (key, value) {
            ("$dynamicRef" | "$recursiveRef", _) => {
                Err(might_not_end(&format!("it has a {key}, which may mean anything")))
            }
            (key, Value::String(_)) if level > 0 && self.ids.contains(&key) => Err(format!(
                "it has a {key:?} below its root, which would give the $refs there another meaning"
            )),
            ("$ref", Value::String(target)) => self.behind(target, level + 1),
            ("pattern", Value::String(_)) => Ok(Weight { parts: 1, patterns: 1, reach: 1 }),
            _ => self.part(value, level + 1),
        }
    }

    fn behind(&mut self, target: &'a str, level: u64) -> Result<Weight, String> {
        if let Some(weight) = self.known.get(target) {
            return weight.ok_or_else(|| might_not_end("its $refs lead in a circle"));
        }
        self.known.insert(target, None);
        let nowhere =
            || format!("its $ref {target:?} is none of the form \"#/$defs/name\" that leads to a part of it");
        let pointer = target.strip_prefix('#').filter(|pointer| is_plain(pointer)).ok_or_else(nowhere)?;
        let part = self.root.pointer(pointer).ok_or_else(nowhere)?;
        let weight = self.part(part, level)?;
        self.known.insert(target, Some(weight));
        Ok(weight)
    }
}

impl Weight {
    fn add(&mut self, other: Self) {
        self.parts = self.parts.saturating_add(other.parts);
        self.patterns = self.patterns.saturating_add(other.patterns);
        self.reach = self.reach.max(other.reach.saturating_add(1));
    }
}

fn looks_again(fields: &Map<String, Value>) -> bool {
    fields.contains_key("unevaluatedProperties") || fields.contains_key("unevaluatedItems")
}

/// Whether everybody reads a pointer in the same way: printable ASCII, no escapes but `~0` and `~1`.
fn is_plain(pointer: &str) -> bool {
    let mut after_tilde = pointer.split('~').skip(1);
    pointer.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'%' && byte != b'#')
        && after_tilde.all(|rest| rest.starts_with(['0', '1']))
}

fn too_deep() -> String {
    format!("it is nested deeper than {MAX_REACH} levels with its $refs followed")
}

fn might_not_end(why: &str) -> String {
    format!("{why}: checking arguments against it might not end")
}

#[cfg(test)]
mod tests;
