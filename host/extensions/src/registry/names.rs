//! Names that extensions want: one owner for each, and who goes without.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use wharf_protocol::id::ExtensionId;

use super::{Parts, Registry};
use crate::docked::Docked;

pub(super) const TOOL: &str = "tool";
pub(super) const COMMAND: &str = "command";

/// A name that two extensions want.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Conflict {
    /// `tool` or `command`.
    pub kind: &'static str,
    /// The name.
    pub name: String,
    /// Who keeps it; none: it is built in.
    pub owner: Option<ExtensionId>,
    /// Who goes without.
    pub loser: ExtensionId,
}

impl std::fmt::Display for Conflict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { kind, name, loser, .. } = self;
        match &self.owner {
            Some(owner) => {
                write!(f, "{kind} {name:?} of \"{loser}\" is left out: \"{owner}\" has it already")?
            }
            None => write!(f, "{kind} {name:?} of \"{loser}\" is left out: the name is built in")?,
        }
        write!(f, "; give it another name with [extensions.{loser}.rename] {name} = \"…\" in config.toml")
    }
}

/// New names for tools and commands, by extension and registered name.
pub type Renames = HashMap<String, HashMap<String, String>>;

/// Names that are built in, in upper or lower case.
#[derive(Debug, Clone, Default)]
pub struct Reserved {
    /// Those of tools.
    pub tools: Vec<String>,
    /// Those of slash commands.
    pub commands: Vec<String>,
}

/// A wish of an extension for a name.
pub(super) struct Claim {
    pub(super) inner_name: String,
    pub(super) by: Arc<Docked>,
}

pub(super) type Claims = BTreeMap<String, Vec<Claim>>;

pub(super) fn claims<'a, N: Iterator<Item = &'a str>>(
    parts: &Parts<'a>,
    names: impl Fn(&'a Docked) -> N,
) -> Claims {
    let mut claims = Claims::new();
    for docked in parts.docked {
        let renames = parts.renames.get(docked.id.as_str());
        for name in names(docked) {
            let outer = renames.and_then(|renames| renames.get(name)).map_or(name, String::as_str);
            let claim = Claim { inner_name: name.to_owned(), by: docked.clone() };
            claims.entry(outer.to_owned()).or_default().push(claim);
        }
    }
    claims
}

/// One owner for each name: whoever had it, or else the first in order of precedence.
pub(super) fn settle<'a>(
    kind: &'static str,
    claims: Claims,
    parts: &Parts<'a>,
    conflicts: &mut Vec<Conflict>,
    had: impl Fn(&'a Registry, &str) -> Option<&'a ExtensionId>,
) -> Vec<(String, Claim)> {
    let mut settled = Vec::new();
    for (name, mut claims) in claims {
        let taken = if kind == TOOL { &parts.reserved.tools } else { &parts.reserved.commands };
        let reserved = taken.iter().any(|taken| taken.eq_ignore_ascii_case(&name));
        let before = parts.sealed.then(|| had(parts.previous, &name)).flatten();
        let keeper = before.and_then(|id| claims.iter().position(|claim| claim.by.id == *id)).unwrap_or(0);
        let owner = (!reserved).then(|| claims.remove(keeper));
        let owner_id = owner.as_ref().map(|claim| claim.by.id.clone());
        conflicts.extend(claims.into_iter().filter(|claim| owner_id.as_ref() != Some(&claim.by.id)).map(
            |claim| Conflict {
                kind,
                name: name.clone(),
                owner: owner_id.clone(),
                loser: claim.by.id.clone(),
            },
        ));
        settled.extend(owner.map(|claim| (name, claim)));
    }
    settled
}
