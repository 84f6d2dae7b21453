//! Guests that do not return: they compute for ever, or wait for ever in the host.

use std::time::Duration;

use wharf_runtime::extensions::limits::{Budget, ComponentLimits, Deadlines, Limits};
use wharf_test_support::wat::{Export, Guest};

use crate::scenario::{LOG, refused, ruined};

fn looping(export: Export) -> Vec<u8> {
    Guest::new("bad").on(export, "(loop (br 0)) unreachable").encode()
}

fn looping_at_the_start() -> Vec<u8> {
    Guest::new("bad").wat("(func $begin (loop (br 0))) (start $begin)").encode()
}

/// Loops when room is made for arguments, once it has started.
fn looping_at_arguments(export: Export) -> Vec<u8> {
    let forever = "(if (global.get $ready) (then (loop (br 0))))";
    Guest::new("bad").on(export, "unreachable").realloc(forever).encode()
}

/// Waits in a host call that never ends.
fn sleeping(export: Export) -> Vec<u8> {
    Guest::new("bad").on(export, "(call $block (call $timer (i64.const -1))) unreachable").encode()
}

/// Sleeps where nothing is returned.
fn sleeping_in_silence(export: Export) -> Vec<u8> {
    Guest::new("bad").on(export, "(call $block (call $timer (i64.const -1)))").encode()
}

/// Little time to compute: a loop ends soon.
fn little_computing() -> Limits {
    let short = |budget: Budget| Budget { cpu: Duration::from_millis(300), ..budget };
    let component = ComponentLimits::STANDARD;
    let component = ComponentLimits {
        init: short(component.init),
        tool: short(component.tool),
        command: short(component.command),
        event: short(component.event),
        hook: short(component.hook),
        shutdown: short(component.shutdown),
        ..component
    };
    Limits { component, ..Limits::STANDARD }
}

/// Little time to wait: a sleep ends soon.
fn little_waiting() -> Limits {
    let second = Duration::from_secs(1);
    let standard = Deadlines {
        start: 2 * second,
        tool: second,
        command: second,
        event: second,
        hook_tool_call: second,
        hook_turn_start: second,
        hook_assistant_message: second,
        hook_prompt: second,
        hook_tool_result: second,
        ..Deadlines::STANDARD
    };
    Limits { standard, ..Limits::STANDARD }
}

const LOOP: &str = "it computed for longer than ";
const SLEEP: &str = "timed out after ";

hostile! {
    init_loops: looping(Export::Init) => ruined(Export::Init, LOOP).within(little_computing());
    tool_loops: looping(Export::Tool) => ruined(Export::Tool, LOOP).within(little_computing());
    command_loops: looping(Export::Command) => ruined(Export::Command, LOOP).within(little_computing());
    event_loops: looping(Export::Event) => ruined(Export::Event, LOOP).within(little_computing());
    hook_tool_call_loops: looping(Export::HookToolCall)
        => ruined(Export::HookToolCall, LOOP).within(little_computing());
    hook_turn_start_loops: looping(Export::HookTurnStart)
        => ruined(Export::HookTurnStart, LOOP).within(little_computing());
    hook_assistant_message_loops: looping(Export::HookAssistantMessage)
        => ruined(Export::HookAssistantMessage, LOOP).within(little_computing());
    hook_prompt_loops: looping(Export::HookPrompt) => ruined(Export::HookPrompt, LOOP).within(little_computing());
    hook_tool_result_loops: looping(Export::HookToolResult)
        => ruined(Export::HookToolResult, LOOP).within(little_computing());
    shutdown_loops: looping(Export::Shutdown) => ruined(Export::Shutdown, LOOP).within(little_computing());
    start_function_loops: looping_at_the_start() => refused("start", LOOP, LOG).within(little_computing());
    arguments_of_a_tool_loop: looping_at_arguments(Export::Tool)
        => ruined(Export::Tool, LOOP).within(little_computing());
    arguments_of_a_hook_loop: looping_at_arguments(Export::HookToolCall)
        => ruined(Export::HookToolCall, LOOP).within(little_computing());
    init_sleeps: sleeping(Export::Init) => ruined(Export::Init, SLEEP).within(little_waiting());
    tool_sleeps: sleeping(Export::Tool) => ruined(Export::Tool, SLEEP).within(little_waiting());
    command_sleeps: sleeping(Export::Command) => ruined(Export::Command, SLEEP).within(little_waiting());
    event_sleeps: sleeping_in_silence(Export::Event) => ruined(Export::Event, SLEEP).within(little_waiting());
    hook_tool_call_sleeps: sleeping(Export::HookToolCall)
        => ruined(Export::HookToolCall, SLEEP).within(little_waiting());
    hook_turn_start_sleeps: sleeping(Export::HookTurnStart)
        => ruined(Export::HookTurnStart, SLEEP).within(little_waiting());
    hook_assistant_message_sleeps: sleeping(Export::HookAssistantMessage)
        => ruined(Export::HookAssistantMessage, SLEEP).within(little_waiting());
    hook_prompt_sleeps: sleeping(Export::HookPrompt) => ruined(Export::HookPrompt, SLEEP).within(little_waiting());
    hook_tool_result_sleeps: sleeping(Export::HookToolResult)
        => ruined(Export::HookToolResult, SLEEP).within(little_waiting());
    shutdown_sleeps: sleeping_in_silence(Export::Shutdown) => ruined(Export::Shutdown, SLEEP);
}
