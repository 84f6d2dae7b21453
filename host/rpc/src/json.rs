//! JSON with its keys in alphabetical order, whatever order they came in.

use std::collections::BTreeMap;

use serde::Serialize;
use wharf_protocol::json::Json;

/// How deep foreign JSON is sorted; what lies deeper stays as it was written.
const MAX_DEPTH: usize = 64;

/// A JSON value.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Node {
    Bool(bool),
    Integer(u64),
    Text(String),
    Raw(Json),
    List(Vec<Node>),
    Object(BTreeMap<&'static str, Node>),
}

impl Node {
    /// An object.
    pub(crate) fn object<const N: usize>(fields: [(&'static str, Node); N]) -> Self {
        Self::Object(fields.into())
    }

    /// A number as Go writes it: no fraction if it needs none, an exponent only where it is very small or large.
    pub(crate) fn float(number: f64) -> Self {
        let size = number.abs();
        let text = match size {
            _ if !number.is_finite() || size == 0.0 => "0".to_owned(),
            _ if size >= 1e21 => format!("{number:e}").replace('e', "e+"),
            _ if size < 1e-6 => format!("{number:e}"),
            _ => number.to_string(),
        };
        Json::new(text).map_or(Self::Integer(0), Self::Raw)
    }

    /// Foreign JSON, its keys sorted.
    pub(crate) fn sorted(json: &Json) -> Self {
        Self::Raw(sort(json, MAX_DEPTH))
    }
}

impl From<&str> for Node {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<u64> for Node {
    fn from(number: u64) -> Self {
        Self::Integer(number)
    }
}

impl From<bool> for Node {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl FromIterator<Node> for Node {
    fn from_iter<I: IntoIterator<Item = Node>>(items: I) -> Self {
        Self::List(items.into_iter().collect())
    }
}

fn sort(json: &Json, depth: usize) -> Json {
    let Some(deeper) = depth.checked_sub(1) else { return json.clone() };
    let sorted = match json.as_str().as_bytes().first() {
        Some(b'{') => json.parse::<BTreeMap<String, Json>>().and_then(|fields| {
            Json::of(
                &fields.iter().map(|(key, value)| (key, sort(value, deeper))).collect::<BTreeMap<_, _>>(),
            )
        }),
        Some(b'[') => json
            .parse::<Vec<Json>>()
            .and_then(|items| Json::of(&items.iter().map(|item| sort(item, deeper)).collect::<Vec<_>>())),
        _ => return json.clone(),
    };
    // Valid JSON of that shape can be read; otherwise it stays as it was.
    sorted.unwrap_or_else(|_| json.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_keys_are_sorted_at_every_depth_and_numbers_keep_their_digits() {
        let json = Json::new(r#"{"b": [{"d":1.50,"c":12345678901234567890123}], "a": "x y"}"#).unwrap();
        let Node::Raw(sorted) = Node::sorted(&json) else { panic!("not raw") };
        assert_eq!(sorted.as_str(), r#"{"a":"x y","b":[{"c":12345678901234567890123,"d":1.50}]}"#);
    }

    #[test]
    fn very_deep_json_is_passed_on() {
        let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        let Ok(json) = Json::new(deep.clone()) else { return };
        let Node::Raw(sorted) = Node::sorted(&json) else { panic!("not raw") };
        assert_eq!(sorted.as_str(), deep);
    }

    #[test]
    fn numbers_look_as_in_go() {
        for (number, expected) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (0.000_045, "0.000045"),
            (0.5, "0.5"),
            (1e-7, "1e-7"),
            (1e21, "1e+21"),
            (f64::NAN, "0"),
        ] {
            let Node::Raw(text) = Node::float(number) else { panic!("not raw") };
            assert_eq!(text.as_str(), expected);
        }
    }
}
