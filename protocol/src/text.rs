//! What may go to a terminal or into a log.

/// Makes text harmless: control characters, terminal escapes, characters that turn the direction of writing and those
/// that nobody sees are shown as what they are. Newlines and tabs stay, and so does what joins an emoji together.
#[must_use]
pub fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    // The character before, if it stayed as it is.
    let mut before = None;
    while let Some(c) = chars.next() {
        let stays = matches!(c, '\n' | '\t') || !(c.is_control() || is_unseen(c));
        if stays || is_part_of_emoji(before, c, chars.peek().copied()) {
            out.push(c);
            before = Some(c);
        } else {
            out.extend(c.escape_unicode());
            before = None;
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

/// Whether nobody would see anything of it: it has nothing but space and characters that have no form.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    // A cell of braille without a dot is no space by its class, and looks like one.
    text.chars().all(|c| c.is_whitespace() || c.is_control() || is_unseen(c) || c == '\u{2800}')
}

/// Characters that turn the direction of writing, or that nobody sees: they could hide what is said, or carry what is
/// not said.
fn is_unseen(c: char) -> bool {
    matches!(c,
        // Soft hyphen, joiners, fillers and vowels that have no form of their own.
        '\u{00ad}' | '\u{034f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{3164}' | '\u{ffa0}' | '\u{200b}'..='\u{200d}' | '\u{feff}'
        // Marks, overrides and isolates of direction; separators of lines and paragraphs.
        | '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
        // Invisible operators, isolates, and controls that are out of use.
        | '\u{2060}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}'
        // Selectors of variants, tags, and all of the plane that is to be ignored.
        | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}')
}

const JOINER: char = '\u{200d}';
/// As text, and as a picture.
const STYLES: [char; 2] = ['\u{fe0e}', '\u{fe0f}'];

/// Whether an unseen character is one that an emoji is made with, in its place: a joiner between two of them, or what
/// chooses their style right behind one.
fn is_part_of_emoji(before: Option<char>, c: char, after: Option<char>) -> bool {
    let Some(before) = before else { return false };
    match c {
        JOINER => (is_emoji(before) || STYLES.contains(&before)) && after.is_some_and(is_emoji),
        // Keys are emoji too: a digit, its style, and the key around it.
        c if STYLES.contains(&c) => {
            is_emoji(before) || before.is_ascii_digit() || matches!(before, '#' | '*')
        }
        _ => false,
    }
}

/// Whether it lies among the pictures and symbols. All of them can be seen.
fn is_emoji(c: char) -> bool {
    matches!(c, '\u{1f000}'..='\u{1faff}' | '\u{2190}'..='\u{21ff}' | '\u{2300}'..='\u{23ff}'
        | '\u{2460}'..='\u{24ff}' | '\u{25a0}'..='\u{27bf}' | '\u{2934}' | '\u{2935}' | '\u{2b00}'..='\u{2bff}'
        | '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}' | '\u{3030}' | '\u{303d}'
        | '\u{3297}' | '\u{3299}')
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
    fn whatever_nobody_sees_becomes_visible() {
        let ranges = [
            ('\0', '\u{8}'),
            ('\u{b}', '\u{1f}'),
            ('\u{7f}', '\u{9f}'),
            ('\u{ad}', '\u{ad}'),
            ('\u{34f}', '\u{34f}'),
            ('\u{61c}', '\u{61c}'),
            ('\u{115f}', '\u{1160}'),
            ('\u{17b4}', '\u{17b5}'),
            ('\u{180b}', '\u{180f}'),
            ('\u{200b}', '\u{200f}'),
            ('\u{2028}', '\u{202e}'),
            ('\u{2060}', '\u{2064}'),
            ('\u{2066}', '\u{206f}'),
            ('\u{3164}', '\u{3164}'),
            ('\u{fe00}', '\u{fe0f}'),
            ('\u{feff}', '\u{feff}'),
            ('\u{ffa0}', '\u{ffa0}'),
            ('\u{fff9}', '\u{fffb}'),
            ('\u{e0000}', '\u{e007f}'),
            ('\u{e0100}', '\u{e01ef}'),
        ];
        for c in ranges.into_iter().flat_map(|(first, last)| first..=last) {
            let (text, shown) = (format!("a{c}b"), format!("a{}b", c.escape_unicode()));
            assert_eq!(harmless(&text), shown);
            assert_eq!(harmless_line(&text, 64), shown);
            assert_eq!(harmless_styled(&text), shown);
        }
    }

    #[test]
    fn an_emoji_stays_whole_and_its_joints_are_seen_elsewhere() {
        for whole in
            ["👩\u{200d}🚀", "👩🏽\u{200d}⚕\u{fe0f}", "❤\u{fe0f}\u{200d}🔥", "1\u{fe0f}\u{20e3}", "☎\u{fe0e}"]
        {
            assert_eq!(harmless(whole), whole);
        }
        for (text, shown) in [
            ("a\u{200d}b", "a\\u{200d}b"),
            ("👩\u{200d}x", "👩\\u{200d}x"),
            ("👩\u{200d}\u{200d}🚀", "👩\\u{200d}\\u{200d}🚀"),
            ("x\u{fe0f}", "x\\u{fe0f}"),
            ("❤\u{fe0f}\u{fe0f}", "❤\u{fe0f}\\u{fe0f}"),
            ("x\u{fe0f}\u{200d}🚀", "x\\u{fe0f}\\u{200d}🚀"),
        ] {
            assert_eq!(harmless(text), shown);
        }
    }

    #[test]
    fn what_nobody_sees_is_blank() {
        for text in ["", " \n\t", "\u{200b}\u{202e}", "\u{3000}\u{2800}\u{e0041}", "\u{1b}\0\u{200d}\u{fe0f}"]
        {
            assert!(is_blank(text), "{text:?}");
        }
        for text in ["x", "\u{200b}é", "❤\u{fe0f}"] {
            assert!(!is_blank(text), "{text:?}");
        }
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
