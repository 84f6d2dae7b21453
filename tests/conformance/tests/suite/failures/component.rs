//! The guard as a component, from WebAssembly text.

use wharf_runtime::extensions::limits::Limits;
use wharf_test_support::wat::{self, Export, Guest};

use super::Way;

/// Tells that it was asked, and waits for ever.
const WAIT: &str = "(call $notify (i32.const 0) (i32.const 0) (i32.const 0))
    (call $block (call $timer (i64.const -1))) unreachable";
/// Grows its memory until it is refused more, then needs it.
const GROW: &str = "(loop (br_if 0 (i32.ne (i32.const -1) (memory.grow (i32.const 16))))) unreachable";
/// A component that has nothing to do with extensions.
const ANOTHER_WORLD: &str = r#"(component
    (core module $m (func (export "f")))
    (core instance $i (instantiate $m))
    (func $f (canon lift (core func $i "f")))
    (export "run" (func $f)))"#;
const UNKNOWN_IMPORT: &str =
    r#"(component (import "evil:shell/run@1.0.0" (instance (export "run" (func)))))"#;

/// The file; none: there is none.
pub(crate) fn guard(way: Way) -> Option<Vec<u8>> {
    let asked = |body: &str| Some(Guest::new("guard").on(Export::HookToolCall, body).encode());
    match way {
        Way::Crash => asked("unreachable"),
        Way::EndlessLoop => asked("(loop (br 0)) unreachable"),
        Way::OutOfMemory => asked(GROW),
        Way::Deadline | Way::Unload | Way::Abort => asked(WAIT),
        Way::MissingFile => None,
        Way::WrongWorld => Some(wat::component(ANOTHER_WORLD)),
        Way::Denied => Some(wat::component(UNKNOWN_IMPORT)),
        Way::Oversize => {
            let long = "x".repeat(Limits::STANDARD.component.hook.crossing.count() + 1);
            let guest = Guest::new("guard").returns(Export::HookToolCall, |memory| memory.variant(2, long));
            Some(guest.encode())
        }
    }
}

/// What is told of the failure.
pub(crate) fn cause(way: Way) -> &'static str {
    match way {
        Way::Crash => "it trapped: unreachable code",
        Way::EndlessLoop => "it computed for longer than 500 ms in one call",
        Way::OutOfMemory => "it wanted more than 64 MiB of memory",
        Way::Deadline => "timed out after 1 s",
        Way::Unload => "timed out after 3 s",
        Way::Abort => "cancelled",
        Way::MissingFile => "guard.wasm: No such file or directory",
        Way::WrongWorld => "it exports no wharf:extension/lifecycle@0.1.0",
        Way::Denied => "evil:shell/run@1.0.0",
        Way::Oversize => "it broke the contract: it gave more than ",
    }
}
