//! A stream of spoiled frames, however it is cut: the lines are those that stand in it, and the frames those of the
//! lines.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]

mod mutation;

use mutation::{cases, spoiled};
use proptest::collection::vec;
use proptest::prelude::*;
use wharf_protocol::codec::LineDecoder;
use wharf_protocol::error::LineError;
use wharf_protocol::frame::FromExtension;

const FRAMES: &[&str] = &[
    "{\"type\":\"ready\"}\n",
    "{\"type\":\"notify\",\"level\":\"info\",\"message\":\"m\"}\r\n",
    "{\"type\":\"tool_result\",\"id\":\"1\",\"content\":[]}\n",
    "\n",
];

/// What a reader of all bytes at once finds: the lines up to the first that is too long, and how it ends.
fn plainly(bytes: &[u8], limit: usize) -> (Vec<&[u8]>, Result<(), LineError>) {
    let mut lines = Vec::new();
    let mut rest = bytes;
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        if end + 1 > limit {
            return (lines, Err(LineError::TooLong { limit }));
        }
        let line = &rest[..end];
        lines.push(line.strip_suffix(b"\r").unwrap_or(line));
        rest = &rest[end + 1..];
    }
    match rest.len() {
        0 => (lines, Ok(())),
        bytes if bytes >= limit => (lines, Err(LineError::TooLong { limit })),
        bytes => (lines, Err(LineError::Torn { bytes })),
    }
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn streams_of_spoiled_frames(
        frames in vec(spoiled(FRAMES), 0..12),
        sizes in vec(prop_oneof![1_usize..8, 1_usize..70_000], 1..8),
        limit in prop_oneof![1_usize..80, Just(1 << 22)],
    ) {
        let bytes = frames.concat();
        let (expected, expected_end) = plainly(&bytes, limit);
        let mut decoder = LineDecoder::new(limit);
        let mut lines = Vec::new();
        let mut end = None;
        let mut rest = bytes.as_slice();
        for size in sizes.iter().cycle() {
            let (chunk, after) = rest.split_at(rest.len().min(*size));
            decoder.push(chunk);
            while end.is_none() {
                match decoder.next_line() {
                    Ok(Some(line)) => lines.push(line.to_vec()),
                    Ok(None) => break,
                    Err(error) => end = Some(Err(error)),
                }
            }
            rest = after;
            if rest.is_empty() || end.is_some() {
                break;
            }
        }
        prop_assert_eq!(&lines, &expected);
        prop_assert_eq!(end.unwrap_or_else(|| decoder.finish()), expected_end);
        for line in &lines {
            let _ = FromExtension::decode(line);
        }
    }
}
