//! Where in a JSON text something stands, for messages.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// Line and column, both from 1, of the key that this path of keys leads to; of the object in which it is missing, if
/// it is missing.
pub(crate) fn of(text: &[u8], path: &[&str]) -> (usize, usize) {
    let text = str::from_utf8(text).unwrap_or_default();
    let (mut at, mut inside) = (text.len() - text.trim_start().len(), text);
    for key in path {
        let keys: BTreeMap<String, &RawValue> = serde_json::from_str(inside).unwrap_or_default();
        let Some(value) = keys.get(*key).map(|value| value.get()) else { break };
        // The value is a part of the text, and its key stands before it.
        let start = (value.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
        let before = text.get(..start).unwrap_or_default();
        at = before.rfind(&format!("\"{key}\"")).unwrap_or(start);
        inside = value;
    }
    let before = text.get(..at).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    (line, before.len() - before.rfind('\n').map_or(0, |end| end + 1) + 1)
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn keys_are_found_and_missing_ones_by_their_object() {
        let text = b"\n{ \"name\": \"name\",\n  \"wharf\": {\n    \"api\": \"0.1\" } }";
        assert_eq!(of(text, &["name"]), (2, 3));
        assert_eq!(of(text, &["wharf", "api"]), (4, 5));
        assert_eq!(of(text, &["wharf", "hooks"]), (3, 3));
        assert_eq!(of(text, &["exec"]), (2, 1));
        assert_eq!(of(b"nothing", &["exec"]), (1, 1));
    }
}
