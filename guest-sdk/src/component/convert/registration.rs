//! What the extension registers.

use wharf_protocol::command::CommandSpec;
use wharf_protocol::event::Topic;
use wharf_protocol::hook::{HookPoint, HookSpec, OnFailure};
use wharf_protocol::registration::Registration;
use wharf_protocol::tool::{ToolSpec, ToolTraits};

use crate::component::bindings::wharf::extension::types;

pub fn registration(registration: Registration) -> types::Registration {
    types::Registration {
        tools: registration.tools.into_iter().map(tool_spec).collect(),
        commands: registration.commands.into_iter().map(command_spec).collect(),
        events: registration.events.into_iter().filter_map(topic).collect(),
        hooks: registration.hooks.into_iter().map(hook_spec).collect(),
    }
}

fn tool_spec(tool: ToolSpec) -> types::ToolSpec {
    types::ToolSpec {
        name: tool.name,
        description: tool.description,
        schema: tool.schema.as_str().to_owned(),
        traits: tool_traits(tool.traits),
        timeout_ms: tool.timeout_ms,
    }
}

fn tool_traits(traits: ToolTraits) -> types::ToolTraits {
    let mut flags = types::ToolTraits::empty();
    flags.set(types::ToolTraits::READ_ONLY, traits.read_only);
    flags.set(types::ToolTraits::IDEMPOTENT, traits.idempotent);
    flags.set(types::ToolTraits::DESTRUCTIVE, traits.destructive);
    flags.set(types::ToolTraits::OPEN_WORLD, traits.open_world);
    flags
}

fn command_spec(command: CommandSpec) -> types::CommandSpec {
    types::CommandSpec { name: command.name, description: command.description }
}

/// What happens to its own panels, or to its events, comes without a subscription.
fn topic(topic: Topic) -> Option<types::EventKind> {
    Some(match topic {
        Topic::SessionStart => types::EventKind::SessionStart,
        Topic::TurnStart => types::EventKind::TurnStart,
        Topic::AssistantMessage => types::EventKind::AssistantMessage,
        Topic::ToolCall => types::EventKind::ToolCall,
        Topic::TurnEnd => types::EventKind::TurnEnd,
        Topic::Prompt => types::EventKind::Prompt,
        Topic::PromptEnd => types::EventKind::PromptEnd,
        Topic::ToolResult => types::EventKind::ToolResult,
        Topic::Usage => types::EventKind::Usage,
        Topic::ModelChange => types::EventKind::ModelChange,
        Topic::Compaction => types::EventKind::Compaction,
        Topic::SessionSwitch => types::EventKind::SessionSwitch,
        Topic::SessionEnd => types::EventKind::SessionEnd,
        Topic::Panel | Topic::Lagged => return None,
    })
}

fn hook_spec(hook: HookSpec) -> types::HookSpec {
    types::HookSpec {
        on: match hook.on {
            HookPoint::ToolCall => types::HookPoint::ToolCall,
            HookPoint::TurnStart => types::HookPoint::TurnStart,
            HookPoint::AssistantMessage => types::HookPoint::AssistantMessage,
            HookPoint::Prompt => types::HookPoint::Prompt,
            HookPoint::ToolResult => types::HookPoint::ToolResult,
            HookPoint::Compaction => types::HookPoint::Compaction,
        },
        tools: hook.tools,
        order: hook.order,
        on_failure: hook.on_failure.map(|policy| match policy {
            OnFailure::Open => types::OnFailure::Open,
            OnFailure::Closed => types::OnFailure::Closed,
        }),
    }
}
