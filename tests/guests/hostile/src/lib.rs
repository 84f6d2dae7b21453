//! A guest that misbehaves on request, so that the conformance suite can see that both backends contain it.
//!
//! | tool | what it does |
//! |---|---|
//! | `hostile_crash` | ends in the middle of the call: a trap, or the death of the process |
//! | `hostile_spin` | computes for ever |
//! | `hostile_arm` `{"how":"crash"|"spin"|"nonsense"}` | the next `tool_call` hook does that; `nonsense` rewrites the arguments to `[]` |
//! | `hostile_echo` | answers `still here` |

use wharf_guest::{
    Extension, HookPoint, HookSpec, Host, Json, Registration, Start, ToolCall, ToolOutput, ToolSpec,
    ToolVerdict,
};

/// What the next hook does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Mood {
    #[default]
    Quiet,
    Crash,
    Spin,
    Nonsense,
}

/// The extension.
#[derive(Debug, Default)]
pub struct Hostile {
    mood: Mood,
}

wharf_guest::export!(Hostile);
wharf_guest::manifest!("../extension.json");

impl Extension for Hostile {
    const NAME: &'static str = "hostile";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");

    fn start(_: &Start, _: &Host) -> Result<Self, String> {
        Ok(Self::default())
    }

    fn registration(&self) -> Registration {
        let tool = |name| ToolSpec::new(name, "misbehaves", Json::empty_object());
        ["hostile_crash", "hostile_spin", "hostile_arm", "hostile_echo"]
            .into_iter()
            .fold(Registration::new(), |all, name| all.tool(tool(name)))
            .hook(HookSpec::on(HookPoint::ToolCall))
    }

    fn tool(&mut self, call: &ToolCall, _: &Host) -> ToolOutput {
        match call.name.as_str() {
            "hostile_crash" => crash(),
            "hostile_spin" => spin(),
            "hostile_arm" => {
                let args = call.args.as_str();
                self.mood = match args {
                    _ if args.contains("crash") => Mood::Crash,
                    _ if args.contains("spin") => Mood::Spin,
                    _ => Mood::Nonsense,
                };
                ToolOutput::text("armed")
            }
            _ => ToolOutput::text("still here"),
        }
    }

    fn on_tool_call(&mut self, _: &ToolCall, _: &Host) -> ToolVerdict {
        match std::mem::take(&mut self.mood) {
            Mood::Quiet => ToolVerdict::Pass,
            Mood::Crash => crash(),
            Mood::Spin => spin(),
            Mood::Nonsense => ToolVerdict::Rewrite(Json::new("[]").unwrap_or_else(|_| Json::empty_object())),
        }
    }
}

fn crash() -> ! {
    // A panic would become an answer in a subprocess; this ends both.
    std::process::abort()
}

fn spin() -> ! {
    loop {
        std::hint::black_box(0);
    }
}
