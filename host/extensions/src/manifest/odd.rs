//! What is odd about a manifest that can be used: keys and patterns that mean nothing.

use super::Manifest;
use crate::place;
use crate::suggestion::did_you_mean;

/// Unknown keys that are told one by one.
const WARNINGS: usize = 10;
const KEYS: [&str; 11] = [
    "$schema",
    "name",
    "version",
    "exec",
    "args",
    "language",
    "enabled",
    "description",
    "wasm",
    "wharf",
    "homepage",
];

/// What stands in its key `wharf`.
const INNER_KEYS: [&str; 7] = ["api", "hooks", "tools", "commands", "events", "env", "permissions"];

/// Keys that a manifest does not have, one line each, with what was probably meant.
pub(super) fn unknown_keys(text: &[u8], file: &str) -> Vec<String> {
    let keys: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(text).unwrap_or_default();
    let unknown = keys.keys().filter(|key| !KEYS.contains(&key.as_str()));
    let mut warnings: Vec<String> = unknown
        .clone()
        .take(WARNINGS)
        .map(|key| {
            let (line, column) = place::of(text, &[key]);
            format!("{file}:{line}:{column}: unknown key {key:?}{}", suggestion(key))
        })
        .collect();
    let more = unknown.count().saturating_sub(WARNINGS);
    if more > 0 {
        warnings.push(format!("{file}: {more} more unknown keys"));
    }
    warnings
}

fn suggestion(key: &str) -> String {
    match key {
        "timeout" | "timeout_ms" | "schema" | "traits" => {
            let right = if key == "timeout" { "timeout_ms" } else { key };
            format!("; a tool in \"wharf.tools\" has {right:?}")
        }
        _ if INNER_KEYS.contains(&key) => "; it belongs into \"wharf\"".to_owned(),
        _ => did_you_mean(key, KEYS),
    }
}

/// What a hook says about tools that is not about a tool, one line each.
pub(super) fn idle_globs(text: &[u8], file: &str, manifest: &Manifest) -> Vec<String> {
    let hooks = manifest.wharf.iter().flat_map(|wharf| wharf.hooks.iter().enumerate());
    let idle = hooks.filter(|(_, hook)| !hook.on.is_about_a_tool() && !hook.tools.is_empty());
    let told = idle.map(|(index, hook)| {
        let (line, column) = place::of(text, &["wharf", "hooks", &index.to_string(), "tools"]);
        let point = hook.on;
        format!(
            "{file}:{line}:{column}: \"wharf.hooks[{index}].tools\" means nothing: a {point} hook is about no tool"
        )
    });
    told.collect()
}
