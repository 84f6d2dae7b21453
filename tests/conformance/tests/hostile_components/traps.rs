//! Traps: in each export, before the first one, and while arguments are handed over.

use wharf_test_support::wat::{Export, Guest};

use crate::scenario::{LOG, refused, ruined};

fn trapping(export: Export) -> Vec<u8> {
    Guest::new("bad").on(export, "unreachable").encode()
}

fn trapping_at_the_start() -> Vec<u8> {
    Guest::new("bad").wat("(func $begin unreachable) (start $begin)").encode()
}

/// Traps when room is made for arguments, once it has started.
fn trapping_at_arguments(export: Export) -> Vec<u8> {
    Guest::new("bad")
        .on(export, "unreachable")
        .realloc("(if (global.get $ready) (then unreachable))")
        .encode()
}

fn trapping_at_the_first_arguments() -> Vec<u8> {
    Guest::new("bad").realloc("unreachable").encode()
}

fn recursing(export: Export) -> Vec<u8> {
    Guest::new("bad").on(export, "(call $deeper) unreachable").wat("(func $deeper (call $deeper))").encode()
}

const TRAP: &str = "it trapped: unreachable code";
const DEEP: &str = "it trapped: call stack exhausted";

hostile! {
    init: trapping(Export::Init) => ruined(Export::Init, TRAP);
    tool: trapping(Export::Tool) => ruined(Export::Tool, TRAP);
    command: trapping(Export::Command) => ruined(Export::Command, TRAP);
    event: trapping(Export::Event) => ruined(Export::Event, TRAP);
    hook_tool_call: trapping(Export::HookToolCall) => ruined(Export::HookToolCall, TRAP);
    hook_turn_start: trapping(Export::HookTurnStart) => ruined(Export::HookTurnStart, TRAP);
    hook_assistant_message: trapping(Export::HookAssistantMessage) => ruined(Export::HookAssistantMessage, TRAP);
    hook_prompt: trapping(Export::HookPrompt) => ruined(Export::HookPrompt, TRAP);
    hook_tool_result: trapping(Export::HookToolResult) => ruined(Export::HookToolResult, TRAP);
    shutdown: trapping(Export::Shutdown) => ruined(Export::Shutdown, TRAP);
    start_function: trapping_at_the_start() => refused("instantiate", TRAP, LOG);
    arguments_of_init: trapping_at_the_first_arguments() => ruined(Export::Init, TRAP);
    arguments_of_a_tool: trapping_at_arguments(Export::Tool) => ruined(Export::Tool, TRAP);
    arguments_of_a_hook: trapping_at_arguments(Export::HookToolCall) => ruined(Export::HookToolCall, TRAP);
    recursion_in_init: recursing(Export::Init) => ruined(Export::Init, DEEP);
    recursion_in_a_tool: recursing(Export::Tool) => ruined(Export::Tool, DEEP);
    recursion_in_a_hook: recursing(Export::HookTurnStart) => ruined(Export::HookTurnStart, DEEP);
}
