//! zot's way of writing JSON: compact, and safe to embed in HTML.

use std::io::{self, Write};

use serde_json::ser::Formatter;

use crate::json::string_length;

/// Escapes `<`, `>`, `&`, U+2028 and U+2029, and takes the white space out of JSON that is passed through.
pub(super) struct Compact;

impl Formatter for Compact {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        write_escaped(writer, fragment)
    }

    fn write_raw_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        // Outside of strings, valid JSON holds none of the characters to be escaped; inside, white space stays.
        let mut rest = fragment;
        while let Some(quote) = rest.find('"') {
            let (before, string) = rest.split_at(quote);
            write_without_space(writer, before)?;
            let length = string_length(string);
            let (string, after) = string.split_at(length);
            write_escaped(writer, string)?;
            rest = after;
        }
        write_without_space(writer, rest)
    }
}

fn write_without_space<W: ?Sized + Write>(writer: &mut W, text: &str) -> io::Result<()> {
    text.split([' ', '\t', '\n', '\r']).try_for_each(|piece| writer.write_all(piece.as_bytes()))
}

fn write_escaped<W: ?Sized + Write>(writer: &mut W, text: &str) -> io::Result<()> {
    let mut rest = text;
    while let Some(at) = rest.find(['<', '>', '&', '\u{2028}', '\u{2029}']) {
        let (before, from) = rest.split_at(at);
        writer.write_all(before.as_bytes())?;
        let mut characters = from.chars();
        if let Some(character) = characters.next() {
            write!(writer, "\\u{:04x}", u32::from(character))?;
        }
        rest = characters.as_str();
    }
    writer.write_all(rest.as_bytes())
}
