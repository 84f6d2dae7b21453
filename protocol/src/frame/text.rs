//! The text of a line, in which every character is one.

use std::borrow::Cow;

/// Replaces bytes that are no UTF-8 by U+FFFD, and escapes that are half of a surrogate pair by its escape.
///
/// The latter is what JavaScript writes when a string was cut within an emoji. JSON parsers disagree about it, and
/// the whole answer would be lost for one character.
pub(super) fn read(line: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(line);
    match mend(&text) {
        Some(mended) => Cow::Owned(mended),
        None => text,
    }
}

/// Nothing, when there is nothing to replace.
fn mend(text: &str) -> Option<String> {
    let mut mended = String::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(offset) = text.get(at..).and_then(|rest| rest.find('\\')) {
        let escape = at + offset;
        let Some(unit) = unit_at(text, escape) else {
            // Another escape: its second character may be a backslash. No string ends in the middle of it.
            at = text.len().min(escape + 2);
            while !text.is_char_boundary(at) {
                at += 1;
            }
            continue;
        };
        at = escape + 6;
        match unit {
            0xd800..=0xdbff if matches!(unit_at(text, at), Some(0xdc00..=0xdfff)) => at += 6,
            0xd800..=0xdfff => {
                mended.push_str(text.get(copied..escape).unwrap_or_default());
                mended.push_str("\\ufffd");
                copied = at;
            }
            _ => {}
        }
    }
    (copied > 0).then(|| mended + text.get(copied..).unwrap_or_default())
}

/// The code unit of the `\uXXXX` that begins at this byte.
fn unit_at(text: &str, at: usize) -> Option<u16> {
    let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_of_pairs_are_replaced_and_nothing_else_is() {
        for (text, expected) in [
            (r#""a\ud83d""#, r#""a\ufffd""#),
            (r#""\udc00\ud83d\ude00\ud83d\n\ud83dx""#, r#""\ufffd\ud83d\ude00\ufffd\n\ufffdx""#),
            (r#""\\ud83d""#, r#""\\ud83d""#),
            (r#""\\\ud83d""#, r#""\\\ufffd""#),
            (r#""\uD83D\uDE00 \u00e9 é""#, r#""\uD83D\uDE00 \u00e9 é""#),
            (r#""\u""#, r#""\u""#),
            ("\"\\é\\", "\"\\é\\"),
        ] {
            assert_eq!(read(text.as_bytes()), expected, "{text}");
        }
    }
}
