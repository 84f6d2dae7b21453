//! What a component registers.

use wharf_protocol::command::CommandSpec;
use wharf_protocol::event::Topic;
use wharf_protocol::hook::{HookPoint, HookSpec, OnFailure};
use wharf_protocol::json::Json;
use wharf_protocol::registration::Registration;
use wharf_protocol::text::harmless_line;
use wharf_protocol::tool::{ToolSpec, ToolTraits};

use crate::bindings::wharf::extension as wit;

/// Gives also the events that are left out, since this version does not know them.
///
/// # Errors
/// The name of the tool whose schema is no JSON, or of a hook that this version does not know: a guard must not believe
/// that it is asked.
pub(crate) fn registration(given: wit::types::Registration) -> Result<(Registration, Vec<String>), String> {
    let (mut events, mut unknown) = (Vec::new(), Vec::new());
    for kind in given.events {
        match topic(kind) {
            Ok(topic) => events.push(topic),
            Err(name) => unknown.push(format!("event {name:?} is left out: this version does not know it")),
        }
    }
    let commands = given.commands.into_iter();
    let registration = Registration {
        tools: given.tools.into_iter().map(tool_spec).collect::<Result<_, _>>()?,
        commands: commands.map(|command| CommandSpec::new(command.name, command.description)).collect(),
        events,
        hooks: given.hooks.into_iter().map(hook_spec).collect::<Result<_, _>>()?,
    };
    Ok((registration, unknown))
}

fn tool_spec(given: wit::types::ToolSpec) -> Result<ToolSpec, String> {
    use wit::types::ToolTraits as Flags;
    let schema = Json::new(given.schema)
        .map_err(|error| format!("the schema of tool {:?} is not JSON: {error}", given.name))?;
    let has = |flag| given.traits.contains(flag);
    let traits = ToolTraits {
        read_only: has(Flags::READ_ONLY),
        idempotent: has(Flags::IDEMPOTENT),
        destructive: has(Flags::DESTRUCTIVE),
        open_world: has(Flags::OPEN_WORLD),
    };
    let (name, description, timeout_ms) = (given.name, given.description, given.timeout_ms);
    Ok(ToolSpec { name, description, schema, traits, timeout_ms })
}

/// The error is a name that is not known.
fn topic(given: wit::types::EventKind) -> Result<Topic, String> {
    Ok(match given {
        wit::types::EventKind::SessionStart => Topic::SessionStart,
        wit::types::EventKind::TurnStart => Topic::TurnStart,
        wit::types::EventKind::AssistantMessage => Topic::AssistantMessage,
        wit::types::EventKind::ToolCall => Topic::ToolCall,
        wit::types::EventKind::TurnEnd => Topic::TurnEnd,
        wit::types::EventKind::Prompt => Topic::Prompt,
        wit::types::EventKind::PromptEnd => Topic::PromptEnd,
        wit::types::EventKind::ToolResult => Topic::ToolResult,
        wit::types::EventKind::Usage => Topic::Usage,
        wit::types::EventKind::ModelChange => Topic::ModelChange,
        wit::types::EventKind::Compaction => Topic::Compaction,
        wit::types::EventKind::SessionSwitch => Topic::SessionSwitch,
        wit::types::EventKind::SessionEnd => Topic::SessionEnd,
        wit::types::EventKind::Other(name) => return Err(harmless_line(&name, 64)),
    })
}

fn hook_spec(given: wit::types::HookSpec) -> Result<HookSpec, String> {
    let on = match given.on {
        wit::types::HookPoint::ToolCall => HookPoint::ToolCall,
        wit::types::HookPoint::TurnStart => HookPoint::TurnStart,
        wit::types::HookPoint::AssistantMessage => HookPoint::AssistantMessage,
        wit::types::HookPoint::Prompt => HookPoint::Prompt,
        wit::types::HookPoint::ToolResult => HookPoint::ToolResult,
        wit::types::HookPoint::Compaction => HookPoint::Compaction,
        wit::types::HookPoint::Other(name) => {
            let name = harmless_line(&name, 64);
            return Err(format!(
                "it wants to be asked at the hook {name:?}, which this version does not know"
            ));
        }
    };
    let on_failure = given.on_failure.map(|policy| match policy {
        wit::types::OnFailure::Open => OnFailure::Open,
        wit::types::OnFailure::Closed => OnFailure::Closed,
    });
    Ok(HookSpec { on, tools: given.tools, order: given.order, on_failure })
}
