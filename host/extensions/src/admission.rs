//! What of a registration is let in: names that are names, schemas that are schemas, and nothing that the manifest
//! did not declare.

use std::collections::HashSet;

use wharf_protocol::hook::HookSpec;
use wharf_protocol::id::check_registered_name;
use wharf_protocol::json::Json;
use wharf_protocol::pattern;
use wharf_protocol::registration::Registration;
use wharf_protocol::text::harmless_line;

use crate::manifest::Manifest;
use crate::schema::Schema;

/// Tools, or commands, that one extension may register.
const MAX_EACH: usize = 256;
/// Longest description of a tool or a command, in bytes.
const MAX_DESCRIPTION: usize = 8 << 10;
/// Longest time that a tool may ask for, in milliseconds.
pub(crate) const MAX_TIMEOUT_MS: u32 = 600_000;
/// Hooks that one extension may register.
const MAX_HOOKS: usize = 16;

/// Goes through a registration; what is not let in is told, one line each. `compiles` tells of a schema whether it does:
/// that was found out before, since nobody can wait for it here.
#[must_use]
pub fn admit(
    manifest: &Manifest,
    given: Registration,
    compiles: &dyn Fn(&Json) -> Result<(), String>,
) -> (Registration, Vec<String>) {
    go_through(manifest, given, compiles)
}

/// The same for what is known of an extension that sleeps. Its schemas are compiled when they are needed: the first one
/// of a process takes milliseconds.
#[must_use]
pub fn admit_known(manifest: &Manifest, given: Registration) -> (Registration, Vec<String>) {
    go_through(manifest, given, &Schema::glance)
}

fn go_through(
    manifest: &Manifest,
    mut given: Registration,
    compiles: &dyn Fn(&Json) -> Result<(), String>,
) -> (Registration, Vec<String>) {
    let mut refused = Vec::new();
    let declared = manifest.declared();
    let mut keep = |kind: &str, name: &str, known: Option<bool>, check: Result<(), String>| {
        let problem = match (check, known) {
            (Err(why), _) => why,
            (Ok(()), Some(false)) => "its manifest does not declare it; add it to \"wharf\" there".to_owned(),
            (Ok(()), Some(true) | None) => return true,
        };
        refused.push(format!("{kind} {name:?} is left out: {problem}"));
        false
    };
    let name_check = |name: &str| check_registered_name(name).map_err(|error| error.to_string());
    given.tools.retain(|tool| {
        let known = declared.as_ref().map(|all| all.tools.iter().any(|other| other.name == tool.name));
        let check = name_check(&tool.name)
            .and_then(|()| compiles(&tool.schema).map_err(|why| format!("its schema: {why}")))
            .and_then(|()| check_timeout(tool.timeout_ms));
        keep("tool", &tool.name, known, check)
    });
    given.commands.retain(|command| {
        let known = declared.as_ref().map(|all| all.commands.iter().any(|other| other.name == command.name));
        keep("command", &command.name, known, name_check(&command.name))
    });
    given.events.retain(|topic| {
        let known = declared.as_ref().map(|all| all.events.contains(topic));
        keep("event", topic.as_str(), known, Ok(()))
    });
    given.hooks.retain(|hook| {
        let known = declared.as_ref().map(|all| all.hooks.iter().any(|other| other.on == hook.on));
        keep("hook", hook.on.as_str(), known, check_globs(hook))
    });
    if let Some(declared) = declared {
        // What was shown before it ran is what counts.
        given.hooks = given.hooks.iter().flat_map(|hook| declared_for(&declared.hooks, hook)).collect();
        for tool in &mut given.tools {
            // Whoever declares itself destructive in either place is.
            let shown = declared.tools.iter().find(|other| other.name == tool.name);
            tool.traits.destructive |= shown.is_some_and(|other| other.traits.destructive);
            tool.timeout_ms = tool.timeout_ms.or_else(|| shown?.timeout_ms);
        }
    }
    (unique(given), refused)
}

fn declared_for(declared: &[HookSpec], hook: &HookSpec) -> Vec<HookSpec> {
    declared.iter().filter(|other| other.on == hook.on).cloned().collect()
}

fn check_timeout(timeout_ms: Option<u32>) -> Result<(), String> {
    match timeout_ms {
        Some(0) => Err("its timeout_ms must not be 0".to_owned()),
        Some(given) if given > MAX_TIMEOUT_MS => Err(format!("its timeout_ms is over {MAX_TIMEOUT_MS}")),
        _ => Ok(()),
    }
}

fn check_globs(hook: &HookSpec) -> Result<(), String> {
    hook.tools
        .iter()
        .try_for_each(|glob| pattern::check(glob).map_err(|error| format!("the pattern {glob:?}: {error}")))
}

/// Leaves out what exceeds the limits of one extension, and tells it.
#[must_use]
pub fn limited(mut all: Registration) -> (Registration, Vec<String>) {
    let mut refused = Vec::new();
    let mut fits = |kind: &str, name: &str, description: &str| {
        let fits = description.len() <= MAX_DESCRIPTION && name.len() <= MAX_DESCRIPTION;
        if !fits {
            let name = harmless_line(name, 64);
            refused.push(format!(
                "{kind} {name:?} is left out: its description is longer than {MAX_DESCRIPTION} bytes"
            ));
        }
        fits
    };
    all.tools.retain(|tool| fits("tool", &tool.name, &tool.description));
    all.commands.retain(|command| fits("command", &command.name, &command.description));
    let mut cut = |kind: &str, count: usize, limit: usize| {
        if count > limit {
            refused.push(format!("it registers {count} {kind}; only the first {limit} count"));
        }
    };
    cut("tools", all.tools.len(), MAX_EACH);
    cut("commands", all.commands.len(), MAX_EACH);
    cut("hooks", all.hooks.len(), MAX_HOOKS);
    all.tools.truncate(MAX_EACH);
    all.commands.truncate(MAX_EACH);
    all.hooks.truncate(MAX_HOOKS);
    (all, refused)
}

/// Registering the same thing twice is registering it once; the later description counts.
fn unique(given: Registration) -> Registration {
    let mut hooks: Vec<HookSpec> = Vec::with_capacity(given.hooks.len());
    for hook in given.hooks {
        if !hooks.contains(&hook) {
            hooks.push(hook);
        }
    }
    let mut events = given.events;
    events.sort();
    events.dedup();
    let tools = last_of_each(given.tools, |tool| &tool.name);
    let commands = last_of_each(given.commands, |command| &command.name);
    Registration { tools, commands, events, hooks }
}

/// Of those with the same name, the last; in the order in which those came.
fn last_of_each<T>(mut all: Vec<T>, name: impl Fn(&T) -> &String) -> Vec<T> {
    let mut seen = HashSet::new();
    let last: Vec<bool> = all.iter().rev().map(|one| seen.insert(name(one).clone())).collect();
    let mut last = last.into_iter().rev();
    all.retain(|_| last.next().unwrap_or_default());
    all
}

/// Adds a later registration to what is there.
#[must_use]
pub fn merge(mut there: Registration, more: Registration) -> Registration {
    there.tools.extend(more.tools);
    there.commands.extend(more.commands);
    there.events.extend(more.events);
    there.hooks.extend(more.hooks);
    unique(there)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use wharf_protocol::event::Topic;
    use wharf_protocol::hook::{HookPoint, OnFailure};
    use wharf_protocol::tool::ToolSpec;

    use super::*;

    fn tool(name: &str, schema: &str) -> ToolSpec {
        ToolSpec::new(name, "", Json::new(schema).unwrap())
    }

    #[test]
    fn a_manifest_without_declarations_bounds_nothing_but_names_and_schemas_are_checked() {
        let given = Registration::new()
            .tool(tool("ok", "{}"))
            .tool(tool("a b", "{}"))
            .tool(tool("odd", "\"text\""))
            .events([Topic::TurnEnd, Topic::TurnEnd]);
        let (let_in, refused) = admit(&Manifest::default(), given, &Schema::glance);
        assert_eq!(let_in.tools.len(), 1);
        assert_eq!(let_in.events, [Topic::TurnEnd]);
        assert_eq!(refused.len(), 2);
        assert_eq!(
            refused[1],
            "tool \"odd\" is left out: its schema: a schema must be an object, not a string"
        );
    }

    #[test]
    fn what_is_declared_is_the_most_that_counts() {
        let text = br#"{"name":"g","exec":"g","wharf":{"api":"0.1",
            "hooks":[{"on":"tool_call","tools":["bash"],"order":-5,"on_failure":"closed"}]}}"#;
        let manifest = crate::manifest::Manifest::read(text, Path::new("m")).unwrap().manifest;
        let given = Registration::new()
            .hook(HookSpec::on(HookPoint::ToolCall).on_failure(OnFailure::Open))
            .hook(HookSpec::on(HookPoint::TurnStart))
            .tool(tool("extra", "{}"));
        let (let_in, refused) = admit(&manifest, given, &Schema::glance);
        assert_eq!(let_in.hooks, manifest.declared().unwrap().hooks);
        assert!(let_in.tools.is_empty());
        assert_eq!(refused.len(), 2, "{refused:?}");
    }

    #[test]
    fn of_one_that_sleeps_no_schema_is_let_in_that_can_not_be_compiled() {
        let given = Registration::new().tool(tool("loop", r##"{"$ref":"#"}"##)).tool(tool("ok", "{}"));
        let (let_in, refused) = admit_known(&Manifest::default(), given);
        assert_eq!((let_in.tools.len(), refused.len()), (1, 1));
        assert!(refused[0].contains("its $refs lead in a circle"), "{refused:?}");
    }
}
