//! What a guest can export and import, and the world that follows from what it has.

use std::fmt::Write;

use wit_parser::{Resolve, WorldId};

use crate::guests::workspace;

/// A function that a guest exports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Export {
    /// `lifecycle.init`; returns the registration if nothing else is said.
    Init,
    /// `tools.call`.
    Tool,
    /// `commands.run`.
    Command,
    /// `events.on-event`; returns nothing.
    Event,
    /// `hook-tool-call.on-tool-call`.
    HookToolCall,
    /// `hook-turn-start.on-turn-start`.
    HookTurnStart,
    /// `hook-assistant-message.on-assistant-message`.
    HookAssistantMessage,
    /// `hook-prompt.on-prompt`.
    HookPrompt,
    /// `hook-tool-result.on-tool-result`.
    HookToolResult,
    /// `hook-compaction.on-compaction`.
    HookCompaction,
    /// `lifecycle.shutdown`; returns nothing.
    Shutdown,
}

/// The last parameters of each call: what caused it, how deep, and the time left.
macro_rules! with_context {
    ($params:literal) => {
        concat!("(param ", $params, " i64 i32 i32)")
    };
    ($params:literal, returns) => {
        concat!("(param ", $params, " i64 i32 i32) (result i32)")
    };
}

impl Export {
    /// Interface, function, and the function's type as the canonical ABI flattens it. What it returns, if anything, is an
    /// address.
    pub(super) fn signature(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Init => (
                "lifecycle",
                "init",
                "(param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)",
            ),
            Self::Shutdown => ("lifecycle", "shutdown", ""),
            Self::Tool => ("tools", "call", with_context!("i32 i32 i32 i32 i32 i32", returns)),
            Self::Command => ("commands", "run", with_context!("i32 i32 i32 i32", returns)),
            Self::Event => ("events", "on-event", with_context!("i32 i64 i64 i64 i64 i32 i64 i32")),
            Self::HookToolCall => {
                ("hook-tool-call", "on-tool-call", with_context!("i32 i32 i32 i32 i32 i32", returns))
            }
            Self::HookTurnStart => ("hook-turn-start", "on-turn-start", with_context!("i32", returns)),
            Self::HookAssistantMessage => {
                ("hook-assistant-message", "on-assistant-message", with_context!("i32 i32", returns))
            }
            Self::HookPrompt => ("hook-prompt", "on-prompt", with_context!("i32 i32 i32 i32 i32", returns)),
            Self::HookToolResult => (
                "hook-tool-result",
                "on-tool-result",
                with_context!("i32 i32 i32 i32 i32 i32 i32 i32 i32", returns),
            ),
            Self::HookCompaction => {
                ("hook-compaction", "on-compaction", with_context!("i32 i32 i32 i32", returns))
            }
        }
    }
}

/// What the text of a guest may call: name, interface, function, type.
const IMPORTS: [(&str, &str, &str, &str); 7] = [
    ("$log", "wharf:extension/log@0.1.0", "write", "(param i32 i32 i32)"),
    ("$notify", "wharf:extension/ui@0.1.0", "notify", "(param i32 i32 i32)"),
    (
        "$register",
        "wharf:extension/registry@0.1.0",
        "register",
        "(param i32 i32 i32 i32 i32 i32 i32 i32 i32)",
    ),
    ("$timer", "wasi:clocks/monotonic-clock@0.2.6", "subscribe-duration", "(param i64) (result i32)"),
    ("$block", "wasi:io/poll@0.2.6", "[method]pollable.block", "(param i32)"),
    ("$stdout", "wasi:cli/stdout@0.2.6", "get-stdout", "(result i32)"),
    (
        "$print",
        "wasi:io/streams@0.2.6",
        "[method]output-stream.blocking-write-and-flush",
        "(param i32 i32 i32 i32)",
    ),
];

/// What of WASI the guests use.
const WASI: &str = "
package wasi:io@0.2.6 {
    interface error { resource error; }
    interface poll { resource pollable { block: func(); } }
    interface streams {
        use error.{error};
        variant stream-error { last-operation-failed(error), closed }
        resource output-stream {
            blocking-write-and-flush: func(contents: list<u8>) -> result<_, stream-error>;
        }
    }
}
package wasi:clocks@0.2.6 {
    interface monotonic-clock {
        use wasi:io/poll@0.2.6.{pollable};
        subscribe-duration: func(when: u64) -> pollable;
    }
}
package wasi:cli@0.2.6 {
    interface stdout {
        use wasi:io/streams@0.2.6.{output-stream};
        get-stdout: func() -> output-stream;
    }
}";

/// The imports that the text uses, as fields of the core module.
pub(super) fn imports_of(text: &str) -> String {
    let used = IMPORTS
        .iter()
        .filter(|(name, ..)| text.contains(&format!("{name} ")) || text.contains(&format!("{name})")));
    let mut fields = String::new();
    for (name, interface, function, signature) in used {
        _ = writeln!(fields, "(import \"{interface}\" \"{function}\" (func {name} {signature}))");
    }
    fields
}

/// A world with these exports, and with every import: those that are not used do not reach the component.
pub(super) fn resolve(exports: &[Export]) -> (Resolve, WorldId) {
    let mut resolve = Resolve::default();
    resolve.push_dir(workspace().join("wit")).expect("the project's interfaces");
    let mut world = "package test:guest;\nworld guest {\n".to_owned();
    world.push_str("include wharf:extension/host-services@0.1.0;\n");
    for (_, interface, ..) in IMPORTS.iter().filter(|(_, interface, ..)| interface.starts_with("wasi:")) {
        _ = writeln!(world, "import {interface};");
    }
    let mut interfaces: Vec<_> = exports.iter().map(|export| export.signature().0).collect();
    interfaces.push("lifecycle");
    interfaces.sort_unstable();
    interfaces.dedup();
    for interface in interfaces {
        _ = writeln!(world, "export wharf:extension/{interface}@0.1.0;");
    }
    world.push_str("}\n");
    world.push_str(WASI);
    let package = resolve.push_str("guest.wit", &world).unwrap_or_else(|error| panic!("{error:#}\n{world}"));
    let world = resolve.select_world(&[package], Some("guest")).expect("the world");
    (resolve, world)
}
