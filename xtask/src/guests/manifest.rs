//! Embedding a manifest into a component whose tool does not know how: one more custom section at its end.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

const NAME: &str = "wharf:manifest";
/// Custom sections have this id.
const CUSTOM: u8 = 0;

/// Appends the manifest to the component.
pub fn embed(manifest: &Path, component: &Path) -> Result<()> {
    let read = |file: &Path| fs::read(file).with_context(|| format!("cannot read {}", file.display()));
    let (text, mut bytes) = (read(manifest)?, read(component)?);
    bytes.extend(custom_section(NAME, &text)?);
    fs::write(component, bytes).with_context(|| format!("cannot write {}", component.display()))
}

/// `id, size of the rest, size of the name, name, data`, the sizes in LEB128.
fn custom_section(name: &str, data: &[u8]) -> Result<Vec<u8>> {
    let mut rest = leb128(name.len())?;
    rest.extend(name.as_bytes());
    rest.extend(data);
    let mut section = vec![CUSTOM];
    section.extend(leb128(rest.len())?);
    section.extend(rest);
    Ok(section)
}

/// Seven bits a byte, the lowest first; the highest bit says that more follow.
fn leb128(size: usize) -> Result<Vec<u8>> {
    let mut rest = u32::try_from(size).context("a section may have 4 GiB")?;
    let mut bytes = Vec::new();
    loop {
        let seven = (rest & 0x7f) as u8;
        rest >>= 7;
        if rest == 0 {
            bytes.push(seven);
            return Ok(bytes);
        }
        bytes.push(seven | 0x80);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;

    #[test]
    fn a_section_has_its_sizes() {
        assert_eq!(custom_section("ab", b"c").unwrap(), b"\0\x04\x02abc");
        let long = custom_section("n", &[7; 300]).unwrap();
        assert_eq!(long[..5], [0, 0xae, 0x02, 1, b'n']);
        assert_eq!(long.len(), 305);
    }
}
