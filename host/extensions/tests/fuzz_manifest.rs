//! Manifests, spoiled: reading them never panics, takes a moment, and what is wrong is told with its place.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]

#[path = "../../../protocol/tests/mutation/mod.rs"]
mod mutation;

use std::path::Path;

use mutation::{cases, spoiled};
use proptest::collection::vec;
use proptest::prelude::*;
use wharf_extensions::manifest::{MAX_BYTES, Manifest, ManifestError};

const FILE: &str = "x/extension.json";
const MANIFESTS: &[&str] = &[
    r#"{"name":"notes","version":"0.2.0","exec":"python3","args":["notes.py"],"language":"python","enabled":null}"#,
    r#"{"name":"guard","wasm":"guard.wasm","description":"d","wharf":{"api":"0.1",
        "hooks":[{"on":"tool_call","tools":["bash","mcp_*"],"order":-5,"on_failure":"closed"}],
        "tools":[{"name":"t","description":"d","schema":{"type":"object"},"traits":{"read_only":true}}],
        "commands":[{"name":"c","description":"d"}],"events":["turn_end"],"env":["KEY"],"permissions":{}}}"#,
    "{\n  \"name\": \"a\",\n  \"desciption\": \"x\",\n  \"exec\": \"./run\"\n}\n",
];

/// The place of a mistake lies within the text; what was read is read the same again.
fn check(text: &[u8]) -> Result<(), TestCaseError> {
    match Manifest::read(text, Path::new(FILE)) {
        Ok(reading) => {
            prop_assert_eq!(reading.id.as_str(), &reading.manifest.name);
            for warning in &reading.warnings {
                prop_assert!(warning.starts_with(FILE), "{}", warning);
            }
            prop_assert_eq!(Manifest::read(text, Path::new(FILE)).unwrap(), reading);
        }
        Err(error) => {
            let told = error.to_string();
            prop_assert!(told.starts_with(&format!("{FILE}:")), "{}", told);
            prop_assert!(told.len() < 10 * MAX_BYTES, "{} bytes are told", told.len());
            if let ManifestError::Syntax { line, column, problem, .. } = error {
                let lines = text.split(|byte| *byte == b'\n').count();
                prop_assert!((1..=lines).contains(&line), "line {} of {}: {}", line, lines, problem);
                prop_assert!(column <= text.len() + 1, "column {}: {}", column, problem);
                prop_assert!(told.starts_with(&format!("{FILE}:{line}:{column}: ")), "{}", told);
                prop_assert!(!problem.is_empty());
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn spoiled_manifests(text in spoiled(MANIFESTS)) {
        check(&text)?;
    }

    #[test]
    fn any_bytes(text in vec(any::<u8>(), 0..300)) {
        check(&text)?;
    }
}

#[test]
fn every_manifest_that_is_spoiled_is_one() {
    for text in MANIFESTS {
        Manifest::read(text.as_bytes(), Path::new(FILE)).unwrap_or_else(|error| panic!("{error}: {text}"));
    }
}

#[test]
fn manifests_of_the_largest_size() {
    let room = MAX_BYTES - 60;
    let keys: String = (0..room / 10).map(|n| format!("\"{n:05}\":0,")).collect();
    for text in [
        format!("{{\"{}\":0,\"name\":\"a\"}}", "k".repeat(room)),
        format!("{{{keys}\"name\":\"a\"}}"),
        format!("{{\"name\":\"{}\"}}", "n".repeat(room)),
        format!("{{\"name\":\"a\",\"more\":{}", "[".repeat(room)),
        format!("{{\"name\":\"a\",\"more\":{}1{}}}", "[".repeat(room / 2), "]".repeat(room / 2)),
        format!("{{\"name\":\"a\",\"wharf\":{}", "{\"api\":".repeat(room / 7)),
        format!("{{\"name\":{}}}", "9".repeat(room)),
        " ".repeat(MAX_BYTES + 1),
    ] {
        check(text.as_bytes()).unwrap();
    }
}
