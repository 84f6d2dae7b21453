//! The manifest inside a component: custom section `wharf:manifest`.

use thiserror::Error;
use wasmparser::{Parser, Payload};

/// The section's name.
pub const NAME: &str = "wharf:manifest";

/// A component whose manifest cannot be taken out.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SectionError {
    /// The binary is damaged, or no WebAssembly.
    #[error("the component cannot be read: {0}")]
    Malformed(String),
    /// Two manifests, and no way to tell which counts.
    #[error(
        "the component holds {0} manifests (custom section \"wharf:manifest\"), one is allowed; build it with one"
    )]
    MoreThanOne(usize),
}

/// Takes the manifest out of a component: from its top level, or else from a core module at depth 1, where Rust's
/// `link_section` puts it. Nothing is run or compiled.
///
/// # Errors
/// [`SectionError`]; a component without a manifest is no error.
pub fn manifest(bytes: &[u8]) -> Result<Option<&[u8]>, SectionError> {
    let mut depth = 0_u32;
    let (mut outer, mut inner) = (Vec::new(), Vec::new());
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(|error| SectionError::Malformed(error.to_string()))? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::CustomSection(section) if section.name() == NAME => match depth {
                0 => outer.push(section.data()),
                1 => inner.push(section.data()),
                _ => {}
            },
            _ => {}
        }
    }
    let found = if outer.is_empty() { inner } else { outer };
    match found.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        many => Err(SectionError::MoreThanOne(many.len())),
    }
}
