//! What was there, what is there now, and what follows from the difference.

use std::collections::{BTreeMap, BTreeSet};

use wharf_extensions::discovery::Problem;
use wharf_protocol::id::ExtensionId;

use super::sight::{Item, Sight};

/// What follows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct News {
    pub(super) arrived: Vec<ExtensionId>,
    pub(super) gone: Vec<ExtensionId>,
    pub(super) changed: Vec<ExtensionId>,
    /// What cannot be used, in words.
    pub(super) broken: Vec<String>,
}

/// What is known.
pub(super) struct Inventory {
    known: BTreeMap<ExtensionId, Item>,
    /// What was told and is still so.
    told: BTreeSet<String>,
    last: Sight,
}

impl Inventory {
    /// These were there at the start.
    pub(super) fn new(sight: Sight) -> Self {
        let known = sight.items.clone();
        let told = sight.problems.iter().map(|problem| problem.message.clone()).collect();
        Self { known, told, last: sight }
    }

    /// Compares what is there with what is known. Only what has stayed the same since the last time counts; says also
    /// whether everything has.
    pub(super) fn compare(&mut self, now: Sight) -> (News, bool) {
        let mut news = News::default();
        let mut is_settled = !now.problems.iter().any(Problem::is_growing);
        for (id, item) in &now.items {
            let known = self.known.get(id);
            if known.is_some_and(|known| known.digest == item.digest) {
                continue;
            }
            if item.digest.is_none() || self.last.items.get(id).is_none_or(|last| last.digest != item.digest)
            {
                is_settled = false;
                continue;
            }
            let list = if known.is_some() { &mut news.changed } else { &mut news.arrived };
            list.push(id.clone());
            self.known.insert(id.clone(), item.clone());
        }
        let absent = self.known.values().filter(|item| !now.has(item));
        let (still, just): (Vec<_>, Vec<_>) = absent.partition(|item| !self.last.has(item));
        is_settled &= just.is_empty();
        news.gone = still.into_iter().map(|item| item.extension.id.clone()).collect();
        self.known.retain(|id, _| !news.gone.contains(id));
        self.complain(&now, &mut news, &mut is_settled);
        self.last = now;
        (news, is_settled)
    }

    fn complain(&mut self, now: &Sight, news: &mut News, is_settled: &mut bool) {
        let problems = now.problems.iter().filter(|problem| !problem.is_growing());
        self.told.retain(|told| now.problems.iter().any(|problem| problem.message == *told));
        for problem in problems {
            if self.told.contains(&problem.message) {
                continue;
            }
            if self.last.problems.contains(problem) {
                self.told.insert(problem.message.clone());
                news.broken.push(problem.message.clone());
            } else {
                *is_settled = false;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use wharf_extensions::discovery::{Places, discover};

    use super::*;
    use crate::watch::sight::Watched;

    struct Harbour {
        root: tempfile::TempDir,
        watched: Watched,
    }

    impl Harbour {
        fn new() -> Self {
            let root = tempfile::tempdir().unwrap();
            let watched = Watched::new(Some(root.path()), &[]);
            Self { root, watched }
        }

        fn write(&self, name: &str, content: &str) {
            fs::write(self.root.path().join(name), content).unwrap();
        }

        fn sight(&self) -> Sight {
            let user = vec![self.root.path().to_owned()];
            Sight::of(discover(&Places { user, ..Places::default() }), &self.watched)
        }
    }

    fn ids(names: &[&str]) -> Vec<ExtensionId> {
        names.iter().map(|name| ExtensionId::new(name).unwrap()).collect()
    }

    #[test]
    fn what_stays_the_same_for_a_moment_is_news_once() {
        let harbour = Harbour::new();
        harbour.write("a.wasm", "one");
        let mut inventory = Inventory::new(harbour.sight());
        assert_eq!(inventory.compare(harbour.sight()), (News::default(), true));
        harbour.write("a.wasm", "two");
        harbour.write("b.wasm", "half");
        assert_eq!(inventory.compare(harbour.sight()), (News::default(), false), "it may still grow");
        harbour.write("b.wasm", "half and half");
        let (news, is_settled) = inventory.compare(harbour.sight());
        assert_eq!((news.changed, news.arrived, is_settled), (ids(&["a"]), ids(&[]), false));
        let (news, is_settled) = inventory.compare(harbour.sight());
        assert_eq!((news.changed, news.arrived, is_settled), (ids(&[]), ids(&["b"]), true));
        assert_eq!(inventory.compare(harbour.sight()), (News::default(), true));
    }

    #[test]
    fn the_time_of_a_file_is_no_news() {
        let harbour = Harbour::new();
        harbour.write("a.wasm", "one");
        let mut inventory = Inventory::new(harbour.sight());
        harbour.write("a.wasm", "one");
        assert_eq!(inventory.compare(harbour.sight()), (News::default(), true));
    }

    #[test]
    fn what_is_gone_is_news_when_it_does_not_come_back() {
        let harbour = Harbour::new();
        harbour.write("a.wasm", "one");
        let mut inventory = Inventory::new(harbour.sight());
        fs::remove_file(harbour.root.path().join("a.wasm")).unwrap();
        assert_eq!(inventory.compare(harbour.sight()), (News::default(), false));
        harbour.write("a.wasm", "one");
        assert_eq!(inventory.compare(harbour.sight()), (News::default(), true));
        fs::remove_file(harbour.root.path().join("a.wasm")).unwrap();
        inventory.compare(harbour.sight());
        let (news, is_settled) = inventory.compare(harbour.sight());
        assert_eq!((news.gone, is_settled), (ids(&["a"]), true));
    }

    #[test]
    fn what_cannot_be_read_is_told_once_and_is_not_gone() {
        let harbour = Harbour::new();
        let folder = harbour.root.path().join("f");
        fs::create_dir(&folder).unwrap();
        harbour.write("f/extension.json", r#"{"name":"f","exec":"sh"}"#);
        let mut inventory = Inventory::new(harbour.sight());
        harbour.write("f/extension.json", "{");
        assert_eq!(inventory.compare(harbour.sight()), (News::default(), false));
        let (news, is_settled) = inventory.compare(harbour.sight());
        assert!(news.broken[0].contains("extension.json") && news.gone.is_empty() && is_settled, "{news:?}");
        assert_eq!(inventory.compare(harbour.sight()), (News::default(), true));
    }

    #[test]
    fn files_beside_an_extension_do_not_matter() {
        let harbour = Harbour::new();
        fs::create_dir(harbour.root.path().join("f")).unwrap();
        harbour.write("f/extension.json", r#"{"name":"f","exec":"sh","args":["run.sh"]}"#);
        harbour.sight();
        let root = harbour.root.path().canonicalize().unwrap();
        let matters = |name: &str| harbour.watched.matters(&root.join(name));
        assert!(matters("f") && matters("f/extension.json") && matters("f/run.sh") && matters("new.wasm"));
        assert!(!matters("f/audit.log"));
    }
}
