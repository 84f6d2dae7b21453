//! Who owns which tool and command, who is asked at which hook, who is told of which event: an immutable snapshot.
//!
//! A change builds a whole new snapshot and swaps it in; calls that run keep the one they started with.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use wharf_protocol::command::CommandSpec;
use wharf_protocol::event::Topic;
use wharf_protocol::hook::{HookPoint, HookSpec, OnFailure};
use wharf_protocol::id::ExtensionId;
use wharf_protocol::pattern;
use wharf_protocol::tool::ToolSpec;

use crate::docked::Docked;
use crate::error::Fault;
use crate::limits::Deadlines;
use crate::schema::Schema;

mod names;

use names::{COMMAND, Claim, TOOL, claims, settle};
pub use names::{Conflict, Renames, Reserved};

/// The snapshot.
#[derive(Default)]
pub struct Registry {
    tools: BTreeMap<String, ToolEntry>,
    commands: BTreeMap<String, CommandEntry>,
    interceptors: HashMap<HookPoint, Vec<Interceptor>>,
    subscribers: HashMap<Topic, Vec<Arc<Docked>>>,
    docked: Vec<Arc<Docked>>,
}

/// A tool and its owner.
#[derive(Clone)]
pub struct ToolEntry {
    /// The spec, under the name that the model sees.
    pub spec: Arc<ToolSpec>,
    /// The name that the owner registered.
    pub inner_name: String,
    /// Who runs it.
    pub owner: Arc<Docked>,
    /// What its arguments are checked against.
    pub schema: Arc<Schema>,
}

/// A command and its owner.
#[derive(Clone)]
pub struct CommandEntry {
    /// The spec, under the name that the user types.
    pub spec: CommandSpec,
    /// The name that the owner registered.
    pub inner_name: String,
    /// Who runs it.
    pub owner: Arc<Docked>,
}

/// Somebody who is asked at a hook.
pub struct Interceptor {
    /// Which extension.
    pub by: ExtensionId,
    /// What a failure means.
    pub on_failure: OnFailure,
    /// How it is asked; or why it cannot be.
    pub stand: Result<Arc<Docked>, Fault>,
    order: i16,
    /// Patterns over tool names; none: all tools.
    pub(crate) tools: Vec<String>,
}

/// An extension that is not there, although its manifest declares hooks.
pub struct Absent {
    /// Which one.
    pub id: ExtensionId,
    /// The hooks that it declares.
    pub hooks: Vec<HookSpec>,
    /// What an undeclared policy means for it.
    pub deadlines: Deadlines,
    /// Why it is not there.
    pub fault: Fault,
}

/// What a snapshot is made of.
pub struct Parts<'a> {
    /// The extensions, in order of precedence.
    pub docked: &'a [Arc<Docked>],
    /// Those that should be there.
    pub absent: Vec<Absent>,
    /// Names that no extension may take.
    pub reserved: &'a Reserved,
    /// New names from the configuration.
    pub renames: &'a Renames,
    /// The snapshot before.
    pub previous: &'a Registry,
    /// Whether who had a name keeps it. Not while extensions are still starting, so that it does not depend on who was
    /// faster.
    pub sealed: bool,
}

impl Registry {
    /// Builds a snapshot.
    #[must_use]
    pub fn build(parts: &Parts<'_>) -> (Self, Vec<Conflict>) {
        let mut conflicts = Vec::new();
        let tools = claims(parts, |docked| docked.registration.tools.iter().map(|tool| tool.name.as_str()));
        let tools = settle(TOOL, tools, parts, &mut conflicts, |registry, name| {
            registry.tools.get(name).map(|entry| &entry.owner.id)
        });
        let commands = claims(parts, |docked| docked.registration.commands.iter().map(|it| it.name.as_str()));
        let commands = settle(COMMAND, commands, parts, &mut conflicts, |registry, name| {
            registry.commands.get(name).map(|entry| &entry.owner.id)
        });
        let registry = Self {
            tools: tools
                .into_iter()
                .filter_map(|(name, claim)| tool_entry(name, claim, parts.previous))
                .collect(),
            commands: commands.into_iter().filter_map(|(name, claim)| command_entry(name, claim)).collect(),
            interceptors: HookPoint::ALL
                .into_iter()
                .map(|point| (point, interceptors(parts, point)))
                .collect(),
            docked: parts.docked.to_vec(),
            subscribers: Topic::ALL.into_iter().map(|topic| (topic, subscribers(parts, topic))).collect(),
        };
        (registry, conflicts)
    }

    /// All tools, sorted by name.
    pub fn tools(&self) -> impl Iterator<Item = &ToolEntry> {
        self.tools.values()
    }

    /// One tool.
    #[must_use]
    pub fn tool(&self, name: &str) -> Option<&ToolEntry> {
        self.tools.get(name)
    }

    /// All commands, sorted by name.
    pub fn commands(&self) -> impl Iterator<Item = &CommandEntry> {
        self.commands.values()
    }

    /// One command.
    #[must_use]
    pub fn command(&self, name: &str) -> Option<&CommandEntry> {
        self.commands.get(name)
    }

    /// Who is asked at a hook, in order; at `tool_call`, only those who want to be asked about this tool.
    pub fn interceptors<'a>(
        &'a self,
        point: HookPoint,
        tool: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Interceptor> {
        let all = self.interceptors.get(&point).map(Vec::as_slice).unwrap_or_default();
        all.iter().filter(move |interceptor| match tool {
            Some(tool) if !interceptor.tools.is_empty() => {
                interceptor.tools.iter().any(|glob| pattern::matches(glob, tool))
            }
            _ => true,
        })
    }

    /// One extension.
    #[must_use]
    pub fn docked(&self, extension: &ExtensionId) -> Option<&Arc<Docked>> {
        self.docked.iter().find(|docked| docked.id == *extension)
    }

    /// Who is told of a topic.
    #[must_use]
    pub fn subscribers(&self, topic: Topic) -> &[Arc<Docked>] {
        self.subscribers.get(&topic).map(Vec::as_slice).unwrap_or_default()
    }
}

fn tool_entry(name: String, claim: Claim, previous: &Registry) -> Option<(String, ToolEntry)> {
    let Claim { inner_name, by } = claim;
    let spec = by.registration.tools.iter().find(|tool| tool.name == inner_name)?;
    let spec = ToolSpec { name: name.clone(), ..spec.clone() };
    let before = previous.tools.get(&name).filter(|entry| *entry.spec == spec);
    let schema = match before {
        Some(entry) => entry.schema.clone(),
        None => Arc::new(Schema::lazily(spec.schema.clone())),
    };
    Some((name, ToolEntry { spec: Arc::new(spec), inner_name, owner: by, schema }))
}

fn command_entry(name: String, claim: Claim) -> Option<(String, CommandEntry)> {
    let Claim { inner_name, by } = claim;
    let spec = by.registration.commands.iter().find(|command| command.name == inner_name)?;
    let spec = CommandSpec { name: name.clone(), ..spec.clone() };
    Some((name, CommandEntry { spec, inner_name, owner: by }))
}

fn interceptors(parts: &Parts<'_>, point: HookPoint) -> Vec<Interceptor> {
    let mut all = Vec::new();
    for docked in parts.docked {
        for hook in docked.registration.hooks.iter().filter(|hook| hook.on == point) {
            all.push(interceptor(&docked.id, hook, &docked.deadlines, Ok(docked.clone())));
        }
    }
    for absent in &parts.absent {
        for hook in absent.hooks.iter().filter(|hook| hook.on == point) {
            let stand = Err(absent.fault.clone());
            all.push(interceptor(&absent.id, hook, &absent.deadlines, stand));
        }
    }
    all.sort_by(|a, b| (a.order, &a.by).cmp(&(b.order, &b.by)));
    all
}

fn interceptor(
    by: &ExtensionId,
    hook: &HookSpec,
    deadlines: &Deadlines,
    stand: Result<Arc<Docked>, Fault>,
) -> Interceptor {
    Interceptor {
        by: by.clone(),
        on_failure: hook.on_failure.unwrap_or_else(|| deadlines.undeclared_policy(hook.on)),
        stand,
        order: hook.order,
        tools: hook.tools.clone(),
    }
}

fn subscribers(parts: &Parts<'_>, topic: Topic) -> Vec<Arc<Docked>> {
    parts.docked.iter().filter(|docked| docked.registration.events.contains(&topic)).cloned().collect()
}
