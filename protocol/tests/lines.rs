//! Bytes to lines: however the bytes are cut, the lines are the same.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]

use proptest::collection::vec;
use proptest::prelude::*;
use wharf_protocol::codec::{LineDecoder, MAX_LINE};
use wharf_protocol::error::LineError;

/// Pushes the bytes in chunks of the given sizes, over and over.
fn decode(bytes: &[u8], sizes: &[usize], limit: usize) -> (Vec<Vec<u8>>, Result<(), LineError>) {
    let mut decoder = LineDecoder::new(limit);
    let mut lines = Vec::new();
    let mut rest = bytes;
    for size in sizes.iter().cycle() {
        let (chunk, after) = rest.split_at(rest.len().min(*size));
        decoder.push(chunk);
        loop {
            match decoder.next_line() {
                Ok(Some(line)) => lines.push(line.to_vec()),
                Ok(None) => break,
                Err(error) => return (lines, Err(error)),
            }
        }
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    (lines, decoder.finish())
}

fn line_with_newline_of(length: usize) -> Vec<u8> {
    let mut line = vec![b'x'; length - 1];
    line.push(b'\n');
    line
}

proptest! {
    #[test]
    fn chunks_make_no_difference(
        bytes in vec(prop_oneof![Just(b'\n'), Just(b'\r'), any::<u8>()], 0..400),
        sizes in vec(1_usize..20, 1..10),
        limit in 1_usize..60,
    ) {
        prop_assert_eq!(decode(&bytes, &sizes, limit), decode(&bytes, &[usize::MAX], limit));
    }

    #[test]
    fn lines_come_out_as_they_went_in(
        lines in vec("[^\n\r]{0,30}", 0..20),
        endings in vec(any::<bool>(), 20),
        tail in "[^\n]{0,10}",
        sizes in vec(1_usize..50, 1..10),
    ) {
        let mut bytes = Vec::new();
        for (line, carriage_return) in lines.iter().zip(endings) {
            bytes.extend_from_slice(line.as_bytes());
            bytes.extend_from_slice(if carriage_return { b"\r\n" } else { b"\n" });
        }
        bytes.extend_from_slice(tail.as_bytes());
        let (decoded, end) = decode(&bytes, &sizes, MAX_LINE);
        let expected: Vec<&[u8]> = lines.iter().map(String::as_bytes).collect();
        prop_assert_eq!(decoded, expected);
        let torn = LineError::Torn { bytes: tail.len() };
        prop_assert_eq!(end, if tail.is_empty() { Ok(()) } else { Err(torn) });
    }

    #[test]
    fn the_limit_counts_the_newline(limit in 1_usize..50, sizes in vec(1_usize..20, 1..5)) {
        let exact = line_with_newline_of(limit);
        let (lines, end) = decode(&exact, &sizes, limit);
        prop_assert_eq!((lines.len(), end), (1, Ok(())));
        let longer = line_with_newline_of(limit + 1);
        prop_assert_eq!(decode(&longer, &sizes, limit), (vec![], Err(LineError::TooLong { limit })));
        // It does not take the newline to know.
        prop_assert_eq!(decode(&vec![b'x'; limit], &sizes, limit), (vec![], Err(LineError::TooLong { limit })));
    }
}

#[test]
fn a_line_of_four_mebibytes_passes_and_one_more_byte_does_not() {
    let (lines, end) = decode(&line_with_newline_of(MAX_LINE), &[8192], MAX_LINE);
    assert_eq!((lines.len(), lines[0].len(), end), (1, MAX_LINE - 1, Ok(())));
    let (lines, end) = decode(&line_with_newline_of(MAX_LINE + 1), &[8192], MAX_LINE);
    assert_eq!((lines.len(), end), (0, Err(LineError::TooLong { limit: MAX_LINE })));
}

#[test]
fn a_decoder_that_failed_stays_failed() {
    let mut decoder = LineDecoder::new(4);
    decoder.push(b"12345\nok\n");
    for _ in 0..3 {
        assert_eq!(decoder.next_line(), Err(LineError::TooLong { limit: 4 }));
    }
}

/// Searching or moving the whole buffer for each chunk would take hours here, not a moment.
#[test]
fn small_chunks_of_a_long_line_cost_no_more_than_their_bytes() {
    let mut decoder = LineDecoder::new(MAX_LINE);
    decoder.push(b"first\nsecond\n");
    assert!(decoder.next_line().unwrap().is_some());
    let line = line_with_newline_of(MAX_LINE);
    for byte in &line {
        decoder.push(std::slice::from_ref(byte));
        if decoder.next_line().unwrap().is_some_and(|line| line != b"second") {
            return;
        }
    }
    panic!("the long line did not come out");
}

/// Moving the rest of the buffer for each line would be quadratic too.
#[test]
fn many_short_lines_in_one_chunk_cost_no_more_than_their_bytes() {
    let bytes = b"x\n".repeat(MAX_LINE / 2);
    let (lines, end) = decode(&bytes, &[bytes.len()], MAX_LINE);
    assert_eq!((lines.len(), end), (MAX_LINE / 2, Ok(())));
    let (lines, _) = decode(&bytes, &[3], MAX_LINE);
    assert_eq!(lines.len(), MAX_LINE / 2);
}
