//! Patterns over tool names, in which `*` stands for any characters, also none. There is nothing else in them, so that
//! host and extension cannot read one differently.

use crate::error::NameError;

/// Whether the name matches the pattern.
#[must_use]
pub fn matches(pattern: &str, name: &str) -> bool {
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

/// Checks a pattern: the characters of a tool's name, and `*`.
///
/// # Errors
/// [`NameError`] tells which rule the pattern breaks: one that can match nothing would guard nothing.
pub fn check(pattern: &str) -> Result<(), NameError> {
    crate::id::check_registered_name(&pattern.replace('*', "x"))
}

#[cfg(test)]
mod tests {
    use super::{check, matches};

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

    #[test]
    fn what_could_match_no_name_is_no_pattern() {
        for good in ["bash", "*", "edit_*", "*-x*"] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in ["", "{bash,write}", "ba?h", "[ab]", "a b"] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
