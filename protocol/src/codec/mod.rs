//! Bytes to lines, frames to bytes, without I/O: feed bytes in, take lines out.

mod lines;
mod style;

pub use lines::LineDecoder;

use serde::Serialize;

use crate::error::EncodeError;

/// Longest line of the extension protocol in bytes, newline included, in both directions.
pub const MAX_LINE: usize = 4 * 1024 * 1024;

/// Writes a value the way [`encode_line`] does, without a newline and without a limit.
///
/// # Errors
/// The serialiser's error, for a value that JSON cannot hold.
pub fn encode(value: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    let mut text = Vec::with_capacity(256);
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut text, style::Compact))?;
    Ok(text)
}

/// Writes one frame as a line, newline included: compact, with `<`, `>`, `&`, U+2028 and U+2029 escaped.
///
/// # Errors
/// [`EncodeError::TooLong`] when the line would exceed [`MAX_LINE`]; nothing has been sent then.
pub fn encode_line(frame: &impl Serialize) -> Result<Vec<u8>, EncodeError> {
    let mut line = encode(frame)?;
    line.push(b'\n');
    if line.len() > MAX_LINE {
        return Err(EncodeError::TooLong { bytes: line.len(), limit: MAX_LINE });
    }
    Ok(line)
}
