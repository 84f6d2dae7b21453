//! Reading a manifest: what is wrong with it, what is odd about it, and where.

use std::path::Path;

use thiserror::Error;
use wharf_protocol::id::ExtensionId;
use wharf_protocol::pattern;

use super::mistake::{self, Mistake};
use super::{API, MAX_BYTES, Manifest, odd};
use crate::place;

/// A manifest that cannot be used.
#[derive(Debug, Clone, Error)]
pub enum ManifestError {
    /// Not JSON, a wrong type, or an unknown key where unknown keys are errors.
    #[error("{file}:{line}:{column}: {problem}")]
    Syntax {
        /// The file, or the component that holds it.
        file: String,
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What is wrong.
        problem: String,
    },
    /// It is too large to be read.
    #[error("{file}: {problem}")]
    Rule {
        /// The file, or the component that holds it.
        file: String,
        /// What is wrong.
        problem: String,
    },
}

/// A manifest that was read, and what is odd about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The manifest.
    pub manifest: Manifest,
    /// The name, checked.
    pub id: ExtensionId,
    /// Unknown keys, each with a suggestion, and what means nothing where it stands.
    pub warnings: Vec<String>,
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// [`ManifestError`] with file, line and column where there are any.
    pub fn read(text: &[u8], file: &Path) -> Result<Reading, ManifestError> {
        let name = file.display().to_string();
        Self::read_strictly(text, &name).map_err(|error| match error {
            // A key that was meant may be among those that mean nothing.
            ManifestError::Syntax { file, line, column, problem } => {
                let odd = odd::unknown_keys(text, &name);
                let odd: String = odd.iter().map(|warning| format!("; {warning}")).collect();
                ManifestError::Syntax { file, line, column, problem: problem + &odd }
            }
            rule @ ManifestError::Rule { .. } => rule,
        })
    }

    /// What is wrong with a manifest beyond the mistake that [`Manifest::read`] gives: one line each, with its place.
    #[must_use]
    pub fn further_mistakes(text: &[u8], file: &Path) -> Vec<String> {
        let all = mistake::further::<Self>(text.get(..MAX_BYTES).unwrap_or(text));
        let told = all.into_iter().map(|Mistake { line, column, problem }| {
            format!("manifest: {}:{line}:{column}: {problem}", file.display())
        });
        told.collect()
    }

    fn read_strictly(text: &[u8], name: &str) -> Result<Reading, ManifestError> {
        let name = name.to_owned();
        let rule = |path: &[&str], problem: String| {
            let (line, column) = place::of(text, path);
            ManifestError::Syntax { file: name.clone(), line, column, problem }
        };
        if text.len() > MAX_BYTES {
            let problem = format!("the manifest has {} bytes, {MAX_BYTES} are allowed", text.len());
            return Err(ManifestError::Rule { file: name, problem });
        }
        if !text.trim_ascii_start().starts_with(b"{") {
            let what = if text.trim_ascii().is_empty() {
                "the manifest is empty"
            } else {
                "the manifest must be a JSON object"
            };
            return Err(rule(&[], what.to_owned()));
        }
        let manifest: Self = mistake::read(text).map_err(|Mistake { line, column, problem }| {
            ManifestError::Syntax { file: name.clone(), line, column, problem }
        })?;
        if manifest.name.is_empty() {
            return Err(rule(&["name"], "\"name\" is required".to_owned()));
        }
        let id = ExtensionId::new(&manifest.name)
            .map_err(|error| rule(&["name"], format!("\"name\": {error}")))?;
        if let Some(wharf) = &manifest.wharf
            && wharf.api != API
        {
            let problem = match wharf.api.as_str() {
                "" => format!("\"wharf.api\" is required; this host speaks {API:?}"),
                other => format!("\"wharf.api\" is {other:?}, this host speaks {API:?}"),
            };
            return Err(rule(&["wharf", "api"], problem));
        }
        let hooks = manifest.wharf.iter().flat_map(|wharf| wharf.hooks.iter().enumerate());
        let globs = hooks.flat_map(|(hook, spec)| spec.tools.iter().enumerate().map(move |at| (hook, at)));
        for (hook, (index, glob)) in globs {
            pattern::check(glob).map_err(|error| {
                let path = ["wharf", "hooks", &hook.to_string(), "tools", &index.to_string()];
                let field = format!("wharf.hooks[{hook}].tools[{index}]");
                rule(&path, format!("\"{field}\": the pattern {glob:?}: {error}"))
            })?;
        }
        let mut warnings = odd::unknown_keys(text, &name);
        warnings.extend(odd::idle_globs(text, &name, &manifest));
        Ok(Reading { warnings, manifest, id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Reading, String> {
        Manifest::read(text.as_bytes(), Path::new("x/extension.json")).map_err(|error| error.to_string())
    }

    #[test]
    fn zots_manifest_is_read_unchanged() {
        let text = r#"{"name":"notes","version":"0.2.0","exec":"python3","args":["notes.py"],"language":"python",
            "enabled":null,"description":"d","$schema":"s"}"#;
        let reading = read(text).unwrap();
        assert_eq!(reading.id.as_str(), "notes");
        assert_eq!(reading.manifest.args, ["notes.py"]);
        assert!(reading.warnings.is_empty());
        assert!(reading.manifest.declared().is_none());
    }

    #[test]
    fn each_mistake_has_its_place_and_its_words() {
        for (text, expected) in [
            (
                "{\n \"name\": 3}",
                "x/extension.json:2:2: invalid type: integer `3`, expected a string, in \"name\"",
            ),
            ("{\"name\":\"a\",", "x/extension.json:1:12: the text ends inside an object"),
            ("{\"exec\":\"x\"}", "x/extension.json:1:1: \"name\" is required"),
            (
                r#"{"name":"../a"}"#,
                "x/extension.json:1:2: \"name\": the name \"../a\" holds '/'; letters, digits and \"._-\" are allowed",
            ),
            (
                r#"{"name":"a","wharf":{"api":"0.1","hooks":[{"on":"tool_call","tools":["{bash}"]}]}}"#,
                "x/extension.json:1:70: \"wharf.hooks[0].tools[0]\": the pattern \"{bash}\": the name \"{bash}\" holds '{'; letters, \
                 digits and \"_-\" are allowed",
            ),
            (
                r#"{"name":"a","wharf":{"api":"9"}}"#,
                "x/extension.json:1:22: \"wharf.api\" is \"9\", this host speaks \"0.1\"",
            ),
        ] {
            assert_eq!(read(text).unwrap_err(), expected);
        }
        let unknown = read(r#"{"name":"a","wharf":{"api":"0.1","hoks":[]}}"#).unwrap_err();
        assert!(unknown.contains("1:34: unknown field `hoks`, expected one of"), "{unknown}");
        assert!(unknown.ends_with("in \"wharf.hoks\"; did you mean \"hooks\"?"), "{unknown}");
        for (part, told) in [
            (r#""hooks":[{"on":"tool_cal"}]"#, "in \"wharf.hooks[0].on\"; did you mean \"tool_call\"?"),
            (r#""hooks":[{"on":"tool_call","on_failure":"close"}]"#, "did you mean \"closed\"?"),
            (r#""hooks":[{"on":"prompt"},{}]"#, "missing field `on`, in \"wharf.hooks[1]\""),
            (r#""events":["turn_ends"]"#, "in \"wharf.events[0]\"; did you mean \"turn_end\"?"),
            (r#""tools":[{"name":"t","traits":{"readonly":true}}]"#, "did you mean \"read_only\"?"),
            (r#""hooks":[{"on":"prompt","order":"x"}]"#, "from -32768 to 32767, in \"wharf.hooks[0].order\""),
            (r#""env":"A""#, "expected a list, in \"wharf.env\""),
            (r#""permissions":3"#, "expected an object, in \"wharf.permissions\""),
            (r#""env":["A",3]"#, "expected a string, in \"wharf.env[1]\""),
        ] {
            let text = format!("{{\"name\":\"a\",\"wharf\":{{\"api\":\"0.1\",{part}}}}}");
            let error = read(&text).unwrap_err();
            assert!(error.ends_with(told) && error.starts_with("x/extension.json:1:"), "{error}");
        }
        let capability =
            read(r#"{"name":"a","wharf":{"api":"0.1","permissions":{"moon":true}}}"#).unwrap_err();
        assert!(capability.contains("unknown field `moon`"), "{capability}");
    }

    #[test]
    fn what_means_nothing_where_it_stands_is_a_warning() {
        let reading = read(
            r#"{"name":"a","events":[],"wharf":{"api":"0.1","hooks":[{"on":"prompt","tools":["bash"]}]}}"#,
        );
        let warnings = reading.unwrap().warnings;
        assert_eq!(warnings.len(), 2, "{warnings:?}");
        assert!(warnings[0].ends_with("unknown key \"events\"; it belongs into \"wharf\""), "{warnings:?}");
        assert!(warnings[1].contains("1:70: \"wharf.hooks[0].tools\" means nothing"), "{warnings:?}");
    }

    #[test]
    fn an_unknown_key_outside_is_a_warning_with_a_suggestion() {
        let reading = read(r#"{"name":"a","desciption":"x","zzzzz":1}"#).unwrap();
        assert_eq!(
            reading.warnings,
            [
                "x/extension.json:1:13: unknown key \"desciption\"; did you mean \"description\"?",
                "x/extension.json:1:30: unknown key \"zzzzz\""
            ]
        );
    }
}
