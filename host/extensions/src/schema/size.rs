//! How large arguments are, before anything is done with them that takes longer the larger they are.

use serde_json::Value;

/// How much there is in a value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Size {
    /// Values, the value itself among them.
    pub(super) nodes: u64,
    /// Bytes of strings and keys.
    pub(super) bytes: u64,
}

/// How much there is in a value.
pub(super) fn size(value: &Value) -> Size {
    let mut size = Size::default();
    add(value, &mut size);
    size
}

fn add(value: &Value, size: &mut Size) {
    size.nodes += 1;
    match value {
        Value::Array(all) => all.iter().for_each(|item| add(item, size)),
        Value::Object(all) => {
            for (key, value) in all {
                size.bytes += key.len() as u64;
                add(value, size);
            }
        }
        Value::String(text) => size.bytes += text.len() as u64,
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
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
