//! Globs over tool names.

/// Whether the name matches the pattern, in which `*` stands for any characters, also none.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| name.strip_prefix(first)) else {
        return false;
    };
    let Some(last) = pieces.next_back() else {
        return rest.is_empty();
    };
    for piece in pieces {
        let Some((_, after)) = rest.split_once(piece) else {
            return false;
        };
        rest = after;
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, name) in [
            ("bash", "bash"),
            ("*", ""),
            ("*", "bash"),
            ("b*", "bash"),
            ("*sh", "bash"),
            ("b*s*", "bash"),
            ("**", "bash"),
            ("a*a*a", "aaa"),
        ] {
            assert!(matches(pattern, name), "{pattern} should match {name}");
        }
        for (pattern, name) in [
            ("bash", "bas"),
            ("bas", "bash"),
            ("", "bash"),
            ("b*x", "bash"),
            ("*b", "bash"),
            ("a*a", "a"),
            ("a*a*a", "aa"),
        ] {
            assert!(!matches(pattern, name), "{pattern} should not match {name}");
        }
    }
}
