//! What a reload has done, for those who are told of it.

use serde::Serialize;
use wharf_protocol::id::ExtensionId;
use wharf_protocol::text::harmless_line;

/// Longest reason in the summary, in bytes.
const REASON: usize = 4 << 10;

/// What became of one extension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Its name; of what has none, its path.
    pub name: String,
    /// What has happened.
    pub what: What,
}

/// What a reload does to an extension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// It is new.
    Docked,
    /// It has taken the place of the version before.
    Replaced,
    /// It is gone.
    Undocked,
    /// It could not be loaded, and why. If there was a version before, that one stays.
    Failed(String),
}

impl Change {
    /// Somebody asked for a name that nothing has.
    #[must_use]
    pub fn unknown(name: &str, known: &[ExtensionId]) -> Self {
        let known: Vec<_> = known.iter().map(ExtensionId::as_str).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        let why = format!("there is no extension {name:?}; there are: {known}");
        Self { name: name.to_owned(), what: What::Failed(why) }
    }

    /// Why it could not be loaded.
    #[must_use]
    pub fn failure(&self) -> Option<&str> {
        match &self.what {
            What::Failed(why) => Some(why),
            What::Docked | What::Replaced | What::Undocked => None,
        }
    }
}

/// One line that counts, and one for each failure.
#[must_use]
pub fn summary(changes: &[Change]) -> String {
    let count = |wanted: &[What]| changes.iter().filter(|change| wanted.contains(&change.what)).count();
    let (stopped, loaded) =
        (count(&[What::Replaced, What::Undocked]), count(&[What::Replaced, What::Docked]));
    // What is loaded is ready: it runs, or starts when it is needed.
    let mut text = format!("reloaded: {stopped} stopped, {loaded} loaded ({loaded} ready)");
    let failures: Vec<_> = changes.iter().filter_map(Change::failure).collect();
    if !failures.is_empty() {
        text.push_str(&format!(", {} error(s)", failures.len()));
    }
    for why in failures {
        text.push('\n');
        text.push_str(&harmless_line(why, REASON));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_counts_and_gives_reasons() {
        let change = |what| Change { name: "x".to_owned(), what };
        let changes = [
            change(What::Replaced),
            change(What::Docked),
            change(What::Undocked),
            change(What::Failed("it does not want to".to_owned())),
        ];
        assert_eq!(
            summary(&changes),
            "reloaded: 2 stopped, 2 loaded (2 ready), 1 error(s)\nit does not want to"
        );
        assert_eq!(summary(&[]), "reloaded: 0 stopped, 0 loaded (0 ready)");
    }
}
