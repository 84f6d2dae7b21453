//! Values that are none, and names and schemas that are not what they should be.

use wharf_test_support::wat::{Export, Guest, Memory};

use crate::scenario::ruined;

/// A guest that returns what was laid out.
fn returning(export: Export, lay_out: impl FnOnce(&mut Memory) -> u32) -> Vec<u8> {
    Guest::new("bad").returns(export, lay_out).encode()
}

/// Arrays inside each other.
fn deep(levels: usize) -> String {
    format!("{}{}", "[".repeat(levels), "]".repeat(levels))
}

const UNKNOWN: &str = "it broke the contract: unexpected discriminant: ";
const BROKEN: &str = "it broke the contract: ";
const NOT_JSON: &str = "the rewritten arguments are not JSON: ";
const TOO_DEEP: &str = "so that they do not fit: they are nested deeper than 64 levels";
const FAR: u32 = 0x7fff_ff00;

hostile! {
    text_that_is_not_utf8: returning(Export::Tool, |memory| memory.output(b"ab\xff\xfe"))
        => ruined(Export::Tool, "invalid utf-8");
    refusal_that_is_not_utf8: returning(Export::HookToolCall, |memory| memory.variant(2, b"\xc3\x28"))
        => ruined(Export::HookToolCall, "invalid utf-8");
    verdict_that_does_not_exist: returning(Export::HookToolCall, |memory| memory.variant(9, ""))
        => ruined(Export::HookToolCall, UNKNOWN);
    outcome_that_does_not_exist: returning(Export::Command, |memory| memory.words(&[0, 77, 0, 0]))
        => ruined(Export::Command, UNKNOWN);
    hook_that_does_not_exist: returning(Export::Init, |memory| {
        let hook = memory.words(&[200, 0, 0, 0]);
        memory.words(&[0, 0, 0, 0, 0, 0, 0, hook, 1])
    }) => ruined(Export::Init, UNKNOWN);
    answer_outside_of_memory: Guest::new("bad").on(Export::Tool, "(i32.const -16)").encode()
        => ruined(Export::Tool, BROKEN);
    answer_between_two_words: Guest::new("bad").on(Export::Tool, "(i32.const 1025)").encode()
        => ruined(Export::Tool, "not aligned");
    text_outside_of_memory: returning(Export::HookTurnStart, |memory| memory.words(&[1, FAR, 16]))
        => ruined(Export::HookTurnStart, "out of bounds");
    text_over_the_end_of_memory: returning(Export::HookAssistantMessage, |memory| memory.words(&[1, 1024, FAR]))
        => ruined(Export::HookAssistantMessage, BROKEN);
    list_outside_of_memory: returning(Export::Tool, |memory| memory.words(&[FAR, 3, 0]))
        => ruined(Export::Tool, BROKEN);
    rewrite_that_is_not_json: returning(Export::HookToolCall, |memory| memory.variant(1, "{city:}"))
        => ruined(Export::HookToolCall, NOT_JSON);
    rewrite_without_end: returning(Export::HookToolCall, |memory| memory.variant(1, deep(100_000)))
        => ruined(Export::HookToolCall, TOO_DEEP);
    rewrite_deeper_than_any_tool: returning(Export::HookToolCall, |memory| memory.variant(1, deep(100)))
        => ruined(Export::HookToolCall, TOO_DEEP);
}
