//! How large schemas and arguments are, before anything is done with them that takes longer the larger they are.

use std::collections::HashMap;

use serde_json::Value;

/// How many values there are in a value.
pub(super) fn nodes(value: &Value) -> u64 {
    match value {
        Value::Array(all) => 1 + all.iter().map(nodes).sum::<u64>(),
        Value::Object(all) => 1 + all.values().map(nodes).sum::<u64>(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 1,
    }
}

/// How many parts a validator may come by, since it follows each `$ref` each time; nothing when that has no end, or when
/// a reference leads out of the schema.
pub(super) fn expanded(schema: &Value) -> Option<u64> {
    let mut known = HashMap::new();
    count(schema, schema, &mut known)
}

/// `known` holds what is behind a reference: its size, or nothing while it is being counted.
fn count<'a>(root: &'a Value, part: &'a Value, known: &mut HashMap<&'a str, Option<u64>>) -> Option<u64> {
    let mut total: u64 = 1;
    match part {
        Value::Object(fields) => {
            for (key, value) in fields {
                let size = match (key.as_str(), value) {
                    ("$dynamicRef" | "$recursiveRef", _) => return None,
                    ("$ref", Value::String(target)) => behind(root, target, known)?,
                    _ => count(root, value, known)?,
                };
                total = total.saturating_add(size);
            }
        }
        Value::Array(items) => {
            for item in items {
                total = total.saturating_add(count(root, item, known)?);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    Some(total)
}

fn behind<'a>(root: &'a Value, target: &'a str, known: &mut HashMap<&'a str, Option<u64>>) -> Option<u64> {
    if let Some(size) = known.get(target) {
        return *size;
    }
    known.insert(target, None);
    let part = root.pointer(target.strip_prefix('#')?)?;
    let size = count(root, part, known)?;
    known.insert(target, Some(size));
    Some(size)
}

/// The deepest nesting of brackets outside of strings.
pub(super) fn depth(text: &str) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}
