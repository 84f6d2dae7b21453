//! How deep component types nest. Whoever reads them afterwards does so by recursion without an end of its own: three
//! bytes a level would overflow the stack, and with it end the process.

use wasmparser::{BinaryReader, BinaryReaderError, ComponentType, ComponentTypeDeclaration};
use wharf_extensions::error::Fault;

use super::{malformed, too_much};

/// Types of components and instances inside each other. Guests of several languages need two.
const DEPTH: usize = 16;

const COMPONENT_TYPE: u8 = 0x41;
const INSTANCE_TYPE: u8 = 0x42;
/// Announces a type inside of a component's or an instance's type.
const TYPE_DECLARATION: u8 = 0x01;

/// Goes through a section of component types.
pub(super) fn check_nesting(section: &[u8], offset: usize) -> Result<(), Fault> {
    let deepest = deepest(BinaryReader::new(section, offset)).map_err(|error| malformed(&error))?;
    if deepest > DEPTH {
        return Err(too_much(format!("its types are nested deeper than {DEPTH} levels")));
    }
    Ok(())
}

/// How deep the types of a section nest; stops counting past the limit.
fn deepest(mut reader: BinaryReader<'_>) -> Result<usize, BinaryReaderError> {
    // What is still to come at each level.
    let mut open = vec![reader.read_var_u32()?];
    let mut deepest = 0;
    while let Some(left) = open.last_mut() {
        let Some(rest) = left.checked_sub(1) else {
            open.pop();
            continue;
        };
        *left = rest;
        if open.len() > 1 {
            if next(&reader)? != TYPE_DECLARATION {
                reader.read::<ComponentTypeDeclaration<'_>>()?;
                continue;
            }
            reader.read_u8()?;
        }
        if matches!(next(&reader)?, COMPONENT_TYPE | INSTANCE_TYPE) {
            reader.read_u8()?;
            open.push(reader.read_var_u32()?);
            deepest = deepest.max(open.len() - 1);
            if deepest > DEPTH {
                break;
            }
        } else {
            reader.read::<ComponentType<'_>>()?;
        }
    }
    Ok(deepest)
}

/// The next byte, which stays where it is.
fn next(reader: &BinaryReader<'_>) -> Result<u8, BinaryReaderError> {
    reader.clone().read_u8()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `count` instance types inside each other.
    fn nested(count: usize) -> Vec<u8> {
        let mut section = vec![1];
        for level in 0..count {
            let inner = u8::from(level + 1 < count);
            section.extend([INSTANCE_TYPE, inner]);
            section.extend(std::iter::repeat_n(TYPE_DECLARATION, inner.into()));
        }
        section
    }

    #[test]
    fn nesting_is_counted_and_bounded() {
        assert!(check_nesting(&nested(DEPTH), 0).is_ok());
        let error = check_nesting(&nested(DEPTH + 1), 0).unwrap_err();
        assert_eq!(error.to_string(), "its types are nested deeper than 16 levels");
        assert!(check_nesting(&nested(1_000_000), 0).is_err());
    }

    #[test]
    fn a_section_that_ends_too_early_is_damaged() {
        let section = nested(3);
        let error = check_nesting(&section[..section.len() - 1], 7).unwrap_err();
        assert!(error.to_string().starts_with("the file is cut off or damaged at byte "), "{error}");
    }
}
