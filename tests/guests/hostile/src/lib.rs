//! A guest that misbehaves on request, so that the conformance suite can see that both backends contain it.
//!
//! | tool | what it does |
//! |---|---|
//! | `hostile_crash` | ends in the middle of the call: a trap, or the death of the process |
//! | `hostile_spin` | tells the user `spinning`, then computes for ever |
//! | `hostile_arm` `{"how":"crash"|"spin"|"nonsense"}` | the next `tool_call` hook does that; `nonsense` rewrites the arguments to `[]` |
//! | `hostile_echo` | answers `still here` |
//! | `hostile_exit` | ends the program with status 3 |
//! | `hostile_read` `{"path"}` | answers what is in the file |
//! | `hostile_write` `{"path"}` | writes a file |
//! | `hostile_append` `{"path"}` | adds a line to a file |
//! | `hostile_wait` `{"path"}` | tells the user `waiting`, then waits for a file to be there |
//! | `hostile_connect` `{"port"}` | connects to that port of this machine |
//! | `hostile_env` | answers the names of its environment variables, sorted |
//!
//! Its hook is asked about its own tools and `bash`, and declares no failure policy.

mod reach;

use serde::Deserialize;
use wharf_guest::{
    Extension, HookPoint, HookSpec, Host, Json, Level, Registration, Start, ToolCall, ToolOutput, ToolSpec,
    ToolVerdict,
};

/// What the next hook does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mood {
    #[default]
    Quiet,
    Crash,
    Spin,
    Nonsense,
}

#[derive(Deserialize)]
struct ArmArgs {
    how: Mood,
}

/// The extension.
#[derive(Debug, Default)]
pub struct Hostile {
    mood: Mood,
}

wharf_guest::export!(Hostile);
wharf_guest::manifest!("../extension.json");

const TOOLS: [&str; 11] = [
    "hostile_crash",
    "hostile_spin",
    "hostile_arm",
    "hostile_echo",
    "hostile_exit",
    "hostile_read",
    "hostile_write",
    "hostile_append",
    "hostile_wait",
    "hostile_connect",
    "hostile_env",
];

impl Extension for Hostile {
    const NAME: &'static str = "hostile";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");

    fn start(_: &Start, _: &Host) -> Result<Self, String> {
        Ok(Self::default())
    }

    fn registration(&self) -> Registration {
        let any = Json::new(r#"{"type":"object"}"#).unwrap_or_else(|_| Json::empty_object());
        let tool = |name| ToolSpec::new(name, "misbehaves", any.clone());
        TOOLS
            .into_iter()
            .fold(Registration::new(), |all, name| all.tool(tool(name)))
            .hook(HookSpec::on(HookPoint::ToolCall).tools(["hostile_*", "bash"]))
    }

    fn tool(&mut self, call: &ToolCall, host: &Host) -> ToolOutput {
        match call.name.as_str() {
            "hostile_crash" => crash(),
            "hostile_spin" => {
                host.notify(Level::Info, "spinning");
                spin()
            }
            "hostile_arm" => match call.args.parse::<ArmArgs>() {
                Ok(args) => {
                    self.mood = args.how;
                    ToolOutput::text("armed")
                }
                Err(error) => ToolOutput::error(error.to_string()),
            },
            "hostile_exit" => std::process::exit(3),
            "hostile_read" => reach::read(&call.args),
            "hostile_write" => reach::write(&call.args),
            "hostile_append" => reach::append(&call.args),
            "hostile_wait" => {
                host.notify(Level::Info, "waiting");
                reach::wait(&call.args)
            }
            "hostile_connect" => reach::connect(&call.args),
            "hostile_env" => reach::environment(),
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
