//! Where in a JSON text something stands, for messages.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// Line and column, both from 1, of the key that this path of keys leads to, or of the element where the last step is a
/// number in a list; of what it is missing in, if it is missing.
#[must_use]
pub fn of(text: &[u8], path: &[&str]) -> (usize, usize) {
    let text = str::from_utf8(text).unwrap_or_default();
    let (mut at, mut inside) = (text.len() - text.trim_start().len(), text);
    for key in path {
        let is_list = inside.starts_with('[');
        let Some(value) = step(inside, key, is_list) else { break };
        // The value is a part of the text, and its key stands before it.
        let start = (value.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
        let before = text.get(..start).unwrap_or_default();
        let key = before.rfind(&format!("\"{key}\"")).filter(|_| !is_list);
        at = key.unwrap_or(start);
        inside = value;
    }
    let before = text.get(..at).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    (line, before.len() - before.rfind('\n').map_or(0, |end| end + 1) + 1)
}

fn step<'a>(inside: &'a str, key: &str, is_list: bool) -> Option<&'a str> {
    if is_list {
        let all: Vec<&RawValue> = serde_json::from_str(inside).ok()?;
        return all.get(key.parse::<usize>().ok()?).map(|value| value.get());
    }
    let keys: BTreeMap<String, &RawValue> = serde_json::from_str(inside).ok()?;
    keys.get(key).map(|value| value.get())
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn a_number_leads_into_a_list() {
        let text = b"{\"a\":[1,\n {\"b\":2}]}";
        assert_eq!(of(text, &["a", "1"]), (2, 2));
        assert_eq!(of(text, &["a", "1", "b"]), (2, 3));
        assert_eq!(of(text, &["a", "2"]), (1, 2));
    }

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
