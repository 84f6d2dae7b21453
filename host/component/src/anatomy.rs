//! What a component is made of, as far as its outside shows: nothing of it is compiled or run.

use wasmparser::{Parser, Payload, Validator};
use wharf_extensions::error::Fault;

use crate::inspect::inspect;

/// Packages whose interfaces the host has, each with the beginning of their versions.
const KNOWN: [(&str, &str); 8] = [
    ("wharf:extension", "0.1."),
    ("wasi:cli", "0.2."),
    ("wasi:clocks", "0.2."),
    ("wasi:filesystem", "0.2."),
    ("wasi:http", "0.2."),
    ("wasi:io", "0.2."),
    ("wasi:random", "0.2."),
    ("wasi:sockets", "0.2."),
];
const OURS: &str = "wharf:extension/";

/// What a component takes from its host and gives to it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Anatomy {
    /// Names of what it imports, sorted.
    pub imports: Vec<String>,
    /// Names of what it exports, sorted.
    pub exports: Vec<String>,
}

/// Looks a component through: that it is one, that it keeps to the limits that hold before compiling, that it is valid.
///
/// # Errors
/// Why it cannot be loaded.
pub fn examine(bytes: &[u8]) -> Result<Anatomy, Fault> {
    inspect(bytes)?;
    Validator::new().validate_all(bytes).map_err(|error| {
        Fault::invalid(format!("the component is not valid at byte {}: {}", error.offset(), error.message()))
    })?;
    let read = |error: wasmparser::BinaryReaderError| Fault::invalid(error.message().to_owned());
    let (mut anatomy, mut depth) = (Anatomy::default(), 0_u32);
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(read)? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    anatomy.imports.push(import.map_err(read)?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    anatomy.exports.push(export.map_err(read)?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    anatomy.imports.sort();
    anatomy.exports.sort();
    Ok(anatomy)
}

impl Anatomy {
    /// The version of `wharf:extension` that it was built for.
    #[must_use]
    pub fn api(&self) -> Option<&str> {
        let ours = self.exports.iter().chain(&self.imports).find(|name| name.starts_with(OURS));
        ours.and_then(|name| name.split_once('@')).map(|(_, version)| version)
    }

    /// Whether it exports this interface of `wharf:extension`, in a version that the host speaks.
    #[must_use]
    pub fn exports(&self, interface: &str) -> bool {
        self.exports.iter().any(|name| {
            name.strip_prefix(OURS).and_then(|rest| rest.split_once('@')).is_some_and(|(name, version)| {
                let [(_, ours), ..] = KNOWN;
                name == interface && version.starts_with(ours)
            })
        })
    }

    /// What it imports from packages that the host does not have, or not in that version: it would be refused.
    pub fn unknown_imports(&self) -> impl Iterator<Item = &str> {
        self.imports.iter().map(String::as_str).filter(|import| !is_known(import))
    }
}

fn is_known(import: &str) -> bool {
    let Some((package, rest)) = import.split_once('/') else { return false };
    let version = rest.split_once('@').map_or("", |(_, version)| version);
    KNOWN.iter().any(|(name, track)| *name == package && version.starts_with(track))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn component(text: &str) -> Vec<u8> {
        wat::parse_str(text).unwrap()
    }

    #[test]
    fn only_the_outermost_level_counts() {
        let bytes = component(
            r#"(component
                (import "wasi:io/poll@0.2.6" (instance))
                (import "acme:db/query@1.0.0" (instance))
                (component (import "inner" (func)))
                (instance $i)
                (export "wharf:extension/lifecycle@0.1.0" (instance $i)))"#,
        );
        let anatomy = examine(&bytes).unwrap();
        assert_eq!(anatomy.imports, ["acme:db/query@1.0.0", "wasi:io/poll@0.2.6"]);
        assert_eq!(anatomy.unknown_imports().collect::<Vec<_>>(), ["acme:db/query@1.0.0"]);
        assert!(anatomy.exports("lifecycle") && !anatomy.exports("tools"));
        assert_eq!(anatomy.api(), Some("0.1.0"));
    }

    #[test]
    fn what_is_no_component_is_refused() {
        assert!(examine(b"\0asm\x01\0\0\0").unwrap_err().to_string().contains("core WebAssembly module"));
        assert!(examine(b"").unwrap_err().to_string().contains("empty"));
    }
}
