//! Puts the groups of a `when` into the strings of its line.

use std::borrow::Cow;

use regex::Captures;
use wharf_protocol::json::string_length;

/// What `$0` to `$9` stand for.
pub(super) struct Fill<'a>(Option<Captures<'a>>);

impl<'a> From<Captures<'a>> for Fill<'a> {
    fn from(captures: Captures<'a>) -> Self {
        Self(Some(captures))
    }
}

impl Fill<'_> {
    /// Leaves everything as it is.
    pub(super) fn nothing() -> Self {
        Self(None)
    }

    /// Fills `$1` …, one digit each; `$0` is the whole match. A number that the expression has no group for stays.
    pub(super) fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let Some(captures) = self.0.as_ref().filter(|_| text.contains('$')) else { return text.into() };
        let mut pieces = text.split('$');
        let mut filled = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let digit = piece.chars().next().and_then(|first| first.to_digit(10));
            match digit.map(|digit| digit as usize).filter(|group| *group < captures.len()) {
                Some(group) => {
                    filled.push_str(captures.get(group).map_or("", |found| found.as_str()));
                    filled.push_str(piece.get(1..).unwrap_or_default());
                }
                None => {
                    filled.push('$');
                    filled.push_str(piece);
                }
            }
        }
        filled.into()
    }

    /// Fills the strings of a JSON text, keys excepted; everything else stays as it was written.
    pub(super) fn json<'t>(&self, json: &'t str) -> Cow<'t, str> {
        if self.0.is_none() || !json.contains('$') {
            return json.into();
        }
        let mut filled = String::with_capacity(json.len());
        let mut rest = json;
        while let Some(quote) = rest.find('"') {
            let (before, string) = rest.split_at(quote);
            let (string, after) = string.split_at(string_length(string));
            filled.push_str(before);
            filled.push_str(&self.json_string(string, after));
            rest = after;
        }
        filled.push_str(rest);
        filled.into()
    }

    fn json_string<'t>(&self, string: &'t str, after: &str) -> Cow<'t, str> {
        let is_key = after.trim_start().starts_with(':');
        match serde_json::from_str::<String>(string) {
            Ok(text) if !is_key && text.contains('$') => {
                serde_json::to_string(&self.text(&text)).map_or(string.into(), Cow::from)
            }
            Ok(_) | Err(_) => string.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex::Regex;

    #[test]
    fn groups_fill_strings_and_nothing_else() {
        let when = Regex::new(r"(\w+) in (\w+)( now)?").unwrap();
        let fill = Fill::from(when.captures("weather in Berlin").unwrap());
        assert_eq!(fill.text("$2: $1s$3, $0, $7, 5$, $x"), "Berlin: weathers, weather in Berlin, $7, 5$, $x");
        let args = r#"{"b$1": "$2", "a":1.50,"n":["$1\n", {"x":"\"$2\""}]}"#;
        let filled = r#"{"b$1": "Berlin", "a":1.50,"n":["weather\n", {"x":"\"Berlin\""}]}"#;
        assert_eq!(fill.json(args), filled);
    }

    #[test]
    fn what_is_filled_in_is_escaped() {
        let when = Regex::new("say (.*)").unwrap();
        let fill = Fill::from(when.captures(r#"say "hi"\"#).unwrap());
        assert_eq!(fill.json(r#"{"text":"$1"}"#), r#"{"text":"\"hi\"\\"}"#);
    }
}
