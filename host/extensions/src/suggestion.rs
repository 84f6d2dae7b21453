//! What somebody probably meant who wrote a word that means nothing.

/// Longest word that is compared, in bytes.
const LONGEST: usize = 64;

/// Shortest beginning that stands for a known word, in bytes.
const BEGINNING: usize = 3;

/// The known word that is nearest, if it is near enough to be meant: one that begins with what was written, or else one
/// that differs in a few letters.
#[must_use]
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Comparing takes memory for each letter; no word that is known is that long.
    if word.len() > LONGEST {
        return None;
    }
    let distance = |other: &str| strsim::damerau_levenshtein(word, other);
    let known: Vec<&str> = known.into_iter().collect();
    let longer = known.iter().filter(|known| word.len() >= BEGINNING && known.starts_with(word));
    if let Some(longer) = longer.min_by_key(|known| known.len()) {
        return Some(longer);
    }
    let near = known.into_iter().map(|known| (distance(known), known)).min_by_key(|(far, _)| *far);
    // Of a short word, two letters are nearly all.
    near.filter(|(far, _)| *far <= 2 && far * 2 <= word.chars().count()).map(|(_, known)| known)
}

/// The same as the end of a message; nothing if nothing is near.
#[must_use]
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, known).map(|known| format!("; did you mean {known:?}?")).unwrap_or_default()
}

/// The same for a message of serde's, which names the word and all that are known.
#[must_use]
pub fn of_message(message: &str) -> String {
    if !["unknown variant `", "unknown field `"].iter().any(|start| message.contains(start)) {
        return String::new();
    }
    let mut words = message.split('`').skip(1).step_by(2);
    words.next().map(|word| did_you_mean(word, words)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_near_is_suggested() {
        let known = ["tool_call", "turn_start", "up"];
        assert_eq!(nearest("tool_cal", known), Some("tool_call"));
        assert_eq!(nearest("trun_start", known), Some("turn_start"));
        assert_eq!(nearest("us", known), Some("up"));
        assert_eq!(nearest("turn", known), Some("turn_start"));
        assert_eq!(nearest("instal", ["disable", "install"]), Some("install"));
        assert_eq!(nearest("desc", ["exec", "description"]), Some("description"));
        for far in ["", "x", "session", "tol_cl_x"] {
            assert_eq!(nearest(far, known), None, "{far}");
        }
    }

    #[test]
    fn messages_are_taken_apart() {
        let message = "unknown variant `tool_cal`, expected one of `turn_start`, `tool_call`";
        assert_eq!(of_message(message), "; did you mean \"tool_call\"?");
        assert_eq!(of_message("missing field `on`"), "");
        assert_eq!(of_message("unknown field `moon`, there are no fields"), "");
    }
}
