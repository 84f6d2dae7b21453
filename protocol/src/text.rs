//! What may go to a terminal or into a log.

/// Makes text harmless: control characters, terminal escapes and characters that turn the direction of writing are
/// shown as what they are. Newlines and tabs stay.
#[must_use]
pub fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => out.push(c),
            c if c.is_control() || is_unseen(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

/// The same, but colours stay: sequences of the form `ESC [ … m` change nothing but how the text looks.
#[must_use]
pub fn harmless_styled(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\u{1b}[") {
        let (before, sequence) = rest.split_at(at);
        out.push_str(&harmless(before));
        let body = sequence.get(2..).unwrap_or_default();
        let end = body.find(|c: char| !(c.is_ascii_digit() || c == ';' || c == ':'));
        match end {
            Some(end) if body.get(end..).is_some_and(|tail| tail.starts_with('m')) => {
                out.push_str(sequence.get(..end + 3).unwrap_or_default());
                rest = sequence.get(end + 3..).unwrap_or_default();
            }
            _ => {
                out.push_str("\\u{1b}");
                rest = sequence.get(1..).unwrap_or_default();
            }
        }
    }
    out.push_str(&harmless(rest));
    out
}

/// The same for one line: a newline is shown as what it is, and what exceeds `limit` bytes is cut off.
#[must_use]
pub fn harmless_line(text: &str, limit: usize) -> String {
    let cut = text.get(..text.floor_char_boundary(limit)).unwrap_or(text);
    let mut line = harmless(cut).replace('\n', "\\u{a}");
    if cut.len() < text.len() {
        line.push('…');
    }
    line
}

/// Characters that turn the direction of writing, or that nobody sees: they could hide what is said.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{00ad}' | '\u{180e}' | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{e0000}'..='\u{e007f}' | '\u{061c}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_overrides_become_visible() {
        assert_eq!(harmless("a\x1b[31mb\u{202e}c\r\u{9b}"), "a\\u{1b}[31mb\\u{202e}c\\u{d}\\u{9b}");
        assert_eq!(harmless("one\n\ttwo é"), "one\n\ttwo é");
    }

    #[test]
    fn colours_may_stay_and_nothing_else() {
        let styled = "\u{1b}[1;31mred\u{1b}[0m";
        assert_eq!(harmless_styled(styled), styled);
        for (text, expected) in [
            ("\u{1b}[2Jx", "\\u{1b}[2Jx"),
            ("\u{1b}]52;c;x\u{7}", "\\u{1b}]52;c;x\\u{7}"),
            ("a\u{1b}[31", "a\\u{1b}[31"),
            ("\u{1b}[\u{1b}[1mé", "\\u{1b}[\u{1b}[1mé"),
        ] {
            assert_eq!(harmless_styled(text), expected);
        }
    }

    #[test]
    fn a_line_stays_one_line_and_is_cut_between_characters() {
        assert_eq!(harmless_line("a\nb", 10), "a\\u{a}b");
        assert_eq!(harmless_line("éé", 3), "é…");
    }
}
