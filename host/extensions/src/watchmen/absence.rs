//! Guards that were there and are not.

use std::path::PathBuf;

use wharf_protocol::hook::HookSpec;
use wharf_protocol::id::ExtensionId;

use super::{Watchman, Watchmen, is_shelf, real};
use crate::discovery::{Discovery, Places};
use crate::error::Fault;
use crate::extension::{Extension, Origin};
use crate::limits::Deadlines;
use crate::registry::Absent;
use crate::trust::Trust;

/// A guard that was there and is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// What is known of it.
    pub watchman: Watchman,
    /// Why it is not there, with what to do.
    pub why: String,
    /// Where the one lies that has its name and is started. What that one guards is known when it has started: as far as
    /// it guards the same, nothing is missing.
    pub taken_by: Option<PathBuf>,
}

impl Watchmen {
    /// The guards that should be there and are not.
    pub(crate) fn missing(&self, entries: Vec<Watchman>, found: &Discovery, places: &Places) -> Vec<Missing> {
        let awaited = entries.into_iter().filter(|it| self.is_awaited(it, found, places));
        awaited.map(|watchman| self.gone(watchman, found)).collect()
    }

    /// Whether it should be there, by what the user wants, and is not.
    fn is_awaited(&self, watchman: &Watchman, found: &Discovery, places: &Places) -> bool {
        let is_it = |other: &Extension| watchman.is(other) && watchman.lies_at(other, self.shelf_of(other));
        // What is named on the command line takes the name for this run: whoever types that knows it.
        let is_named = |other: &Extension| other.origin == Origin::Explicit && other.id == watchman.name;
        self.is_looked_for(watchman, places)
            && !places.switched_off.contains(watchman.name.as_str())
            && !found.disabled.iter().any(is_it)
            && !found.extensions.iter().any(|other| is_it(other) || is_named(other))
    }

    /// Whether the directory that it lay in is looked into.
    fn is_looked_for(&self, watchman: &Watchman, places: &Places) -> bool {
        let searched = match (watchman.scope, places.trust) {
            (Origin::User, _) => &places.user,
            (Origin::Project, Trust::Trusted) => &places.project,
            (Origin::Project, Trust::Untrusted) | (Origin::Explicit, _) => return false,
        };
        let own = self.shelves.iter().filter(|(shelf, _)| Some(*shelf) == watchman.shelf);
        own.map(|(_, path)| path).any(|path| searched.contains(path))
            || searched.iter().any(|path| is_shelf(path, watchman.path.parent()))
    }

    /// Where it should lie today.
    fn place(&self, watchman: &Watchman) -> PathBuf {
        let own = self.shelves.iter().find(|(shelf, _)| Some(*shelf) == watchman.shelf);
        let today = own.and_then(|(_, path)| Some(real(path).join(watchman.entry()?)));
        today.unwrap_or_else(|| watchman.path.clone())
    }

    fn gone(&self, watchman: Watchman, found: &Discovery) -> Missing {
        let place = self.place(&watchman);
        let problem = found.problems.iter().find(|it| it.fatal && it.path.starts_with(&place));
        let why = match problem {
            Some(problem) => problem.message.clone(),
            None if place.exists() => format!("{}: it cannot be used as it is", place.display()),
            None => format!("{} is not there any more", place.display()),
        };
        let called_so = |all: &[Extension]| all.iter().find(|it| watchman.is(it)).map(|it| it.place.clone());
        let (taken_by, off) = (called_so(&found.extensions), called_so(&found.disabled));
        let name = &watchman.name;
        let why = match (&taken_by, off) {
            (Some(other), _) => {
                let again = match watchman.scope {
                    Origin::User => format!(" and then `wharf ext enable {name}`"),
                    Origin::Project | Origin::Explicit => String::new(),
                };
                format!(
                    "{why}, and {}, which has its name, does not guard that; let it guard that, or let go of it with \
                     `wharf ext disable {name}`{again}",
                    other.display()
                )
            }
            (None, Some(other)) => format!(
                "{why}, and {}, which has its name, is another one that is switched off; mend it, or let go of it with \
                 `wharf ext disable {name}`",
                other.display()
            ),
            (None, None) => format!("{why}; {}", way_out(name)),
        };
        Missing { why, watchman, taken_by }
    }
}

/// How what a guard closes is opened again.
pub(crate) fn way_out(name: &ExtensionId) -> String {
    format!("mend it, or let go of it with `wharf ext remove {name}`")
}

impl Missing {
    /// What the user is told.
    #[must_use]
    pub fn notice(&self) -> String {
        let Watchman { name, hooks, .. } = &self.watchman;
        let mut points: Vec<&str> = hooks.iter().map(|hook| hook.on.as_str()).collect();
        points.dedup();
        let points = points.join(", ");
        format!("guard \"{name}\" is missing, so what it guards is refused ({points}): {}", self.why)
    }

    /// The same, of these hooks alone; none: nothing is missing.
    pub(crate) fn only(&self, hooks: Vec<HookSpec>) -> Option<Self> {
        let watchman = Watchman { hooks, ..self.watchman.clone() };
        (!watchman.hooks.is_empty()).then(|| Self { watchman, ..self.clone() })
    }

    pub(crate) fn absent(&self) -> Absent {
        Absent {
            id: self.watchman.name.clone(),
            hooks: self.watchman.hooks.clone(),
            deadlines: Deadlines::STANDARD,
            fault: Fault::NotRunning { why: self.why.clone() },
        }
    }
}
