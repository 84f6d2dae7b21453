//! Where the machine's apt gets its packages from. The sources are taken as they are; only the suite is exchanged.

use std::fs;
use std::path::{Path, PathBuf};

/// A source of packages, in one of apt's two notations.
#[derive(Debug, PartialEq, Eq)]
pub enum Source {
    /// `deb [options] URI suite components`
    Line(String),
    /// `Key: value` lines.
    Stanza(String),
}

impl Source {
    /// The file's name tells apt the notation.
    pub fn file_name(&self) -> &'static str {
        match self {
            Self::Line(_) => "wasi-libc.list",
            Self::Stanza(_) => "wasi-libc.sources",
        }
    }

    /// What the file holds.
    pub fn text(&self) -> &str {
        match self {
            Self::Line(text) | Self::Stanza(text) => text,
        }
    }
}

/// The code name of the release, for instance `bookworm`.
pub fn release() -> Option<String> {
    let text = fs::read_to_string("/etc/os-release").ok()?;
    let name = text.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME="))?;
    Some(name.trim_matches('"').to_owned()).filter(|name| !name.is_empty())
}

/// The machine's own source of the release, with another suite in the release's place.
pub fn with_suite(release: &str, suite: &str) -> Option<Source> {
    let mut files: Vec<PathBuf> = vec!["/etc/apt/sources.list".into()];
    if let Ok(parts) = fs::read_dir("/etc/apt/sources.list.d") {
        files.extend(parts.filter_map(|part| Some(part.ok()?.path())));
    }
    files.sort();
    files.iter().find_map(|file| from_file(file, release, suite))
}

fn from_file(file: &Path, release: &str, suite: &str) -> Option<Source> {
    let text = || fs::read_to_string(file).ok();
    match file.extension()?.to_str()? {
        "list" => text()?.lines().find_map(|line| from_line(line, release, suite)).map(Source::Line),
        "sources" => {
            text()?.split("\n\n").find_map(|stanza| from_stanza(stanza, release, suite)).map(Source::Stanza)
        }
        _ => None,
    }
}

fn from_line(line: &str, release: &str, suite: &str) -> Option<String> {
    let words: Vec<_> = line.split_whitespace().collect();
    let at = words.iter().position(|word| *word == release)?;
    (words.first() == Some(&"deb")).then(|| {
        let words = words.iter().enumerate().map(|(index, word)| if index == at { suite } else { word });
        words.collect::<Vec<_>>().join(" ") + "\n"
    })
}

fn from_stanza(stanza: &str, release: &str, suite: &str) -> Option<String> {
    let value = |line: &str, key: &str| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case(key).then(|| value.trim().to_owned())
    };
    let field = |key: &str| stanza.lines().find_map(|line| value(line, key));
    let has_word = |text: Option<String>, word: &str| {
        text.is_some_and(|text| text.split_whitespace().any(|w| w == word))
    };
    let disabled = field("Enabled").is_some_and(|value| value.eq_ignore_ascii_case("no"));
    if disabled || !has_word(field("Types"), "deb") || !has_word(field("Suites"), release) {
        return None;
    }
    let lines = stanza.lines().map(|line| match value(line, "Suites") {
        Some(_) => format!("Suites: {suite}\n"),
        None => format!("{line}\n"),
    });
    Some(lines.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_suite_of_a_line_is_exchanged() {
        let line = "deb [signed-by=/k.gpg] http://mirror.invalid/debian bookworm main contrib";
        let expected =
            "deb [signed-by=/k.gpg] http://mirror.invalid/debian bookworm-backports main contrib\n";
        assert_eq!(from_line(line, "bookworm", "bookworm-backports").as_deref(), Some(expected));
        for other in ["# deb http://mirror.invalid bookworm main", "deb http://mirror.invalid sid main", ""] {
            assert_eq!(from_line(other, "bookworm", "x"), None, "{other}");
        }
    }

    #[test]
    fn the_suites_of_a_stanza_are_exchanged() {
        let stanza = "Types: deb\n# a comment\nURIs: http://mirror.invalid\nSuites: bookworm bookworm-updates\nComponents: main";
        let expected =
            "Types: deb\n# a comment\nURIs: http://mirror.invalid\nSuites: other\nComponents: main\n";
        assert_eq!(from_stanza(stanza, "bookworm", "other").as_deref(), Some(expected));
        assert_eq!(from_stanza(&stanza.replace("bookworm", "sid"), "bookworm", "other"), None);
        assert_eq!(from_stanza(&format!("{stanza}\nEnabled: no"), "bookworm", "other"), None);
    }
}
