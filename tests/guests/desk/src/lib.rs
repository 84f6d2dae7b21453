//! A guest that asks everything of its host that an extension may ask, so that the conformance suite can see what comes
//! of it on both backends.
//!
//! The tool `desk` and the command `/desk` do the same: `do` names what, the rest is its arguments; the answer is what
//! came of it, an error as `error: …`. A command's arguments are the same JSON.
//!
//! | `do` | what |
//! |---|---|
//! | `display`, `insert`, `status`, `submit`, `notify` `{text}` | the request of that name: `done` |
//! | `open`, `render`, `close` `{panel, lines}` | a panel |
//! | `select` `{choices}`, `confirm`, `input` | a dialog: the number, `yes` or `no`, the line |
//! | `get`, `set`, `delete`, `keys` `{scope, key, value, expected, after}` | the store |
//! | `progress` | puts out `one` and `two`, then `done` |
//! | `wait` | waits until the call is cancelled: `cancelled` |
//! | `linger` | opens the panel `a`, waits for the file `go` in its data directory, opens it anew and sets its status |
//! | `why` | why it was started, and how it was lost |
//! | `abort` | dies |
//! | `heard` | what panels, the end of waiting and late registrations have told, a line each |
//! | `facts` | what it was told at its start: provider, model, directory |
//! | `join` | registers the event `tool_call` and the hook of that name on `bash` |
//! | `misfit` | registers a tool whose name is none, and a command `fits` |
//!
//! `desk_brief` is the same tool with 200 ms.
//!
//! What lies in its data directory as `opening`, an order on each line, it does at its start; `{"do":"fail"}` fails it.
//!
//! At each `turn_end` it submits what `echo` was told last, once for each turn.

mod order;

use wharf_guest::{
    CommandResult, CommandSpec, Event, Extension, Host, Json, Level, LogLevel, Outcome, Registration,
    RequestError, Start, ToolCall, ToolOutput, ToolSpec, ToolVerdict, Topic,
};

use order::Order;

/// The extension.
#[derive(Debug, Default)]
pub struct Desk {
    heard: Vec<String>,
    /// What it was told at its start.
    facts: String,
    /// Submitted at each end of a turn.
    echo: Option<String>,
    /// Why it was started.
    why: String,
    /// Where its data lies.
    data: String,
}

wharf_guest::export!(Desk);
wharf_guest::manifest!("../extension.json");

fn any_object() -> Json {
    Json::new(r#"{"type":"object"}"#).unwrap_or_else(|_| Json::empty_object())
}

impl Extension for Desk {
    const NAME: &'static str = "desk";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");

    fn start(start: &Start, host: &Host) -> Result<Self, String> {
        let Start { provider, model, cwd, .. } = start;
        let facts = format!("{provider} {model} {cwd}");
        let why = format!("{} {}", start.occasion.as_str(), start.loss.as_deref().unwrap_or("-"));
        let data = start.data_dir.clone().unwrap_or_default();
        let opening = std::fs::read_to_string(std::path::Path::new(&data).join("opening"));
        let mut desk = Self { facts, why, data, ..Self::default() };
        let opening = opening.unwrap_or_default();
        for line in opening.lines() {
            let order = Json::new(line).and_then(|order| order.parse::<Order>());
            let order = order.map_err(|error| error.to_string())?;
            if order.what == "fail" {
                return Err("its opening fails".to_owned());
            }
            if let Err(error) = desk.follow(&order, host) {
                desk.heard.push(format!("opening: {error}"));
            }
        }
        Ok(desk)
    }

    fn registration(&self) -> Registration {
        let brief = ToolSpec::new("desk_brief", "Does it in no time", any_object());
        Registration::new()
            .tool(ToolSpec::new("desk", "Asks something of the host", any_object()))
            .tool(ToolSpec { timeout_ms: Some(200), ..brief })
            .command(CommandSpec::new("desk", "Asks something of the host"))
            .events([Topic::TurnEnd, Topic::Prompt, Topic::PromptEnd, Topic::Compaction, Topic::SessionEnd])
    }

    fn tool(&mut self, call: &ToolCall, host: &Host) -> ToolOutput {
        match call.args.parse::<Order>() {
            Ok(order) => match self.follow(&order, host) {
                Ok(text) => ToolOutput::text(text),
                Err(error) => ToolOutput::text(format!("error: {error}")),
            },
            Err(error) => ToolOutput::error(error.to_string()),
        }
    }

    fn command(&mut self, _: &str, args: &str, host: &Host) -> CommandResult {
        let order = Json::new(args).and_then(|args| args.parse::<Order>());
        let order = order.map_err(|error| error.to_string())?;
        self.follow(&order, host).map(Outcome::Display).map_err(|error| error.to_string())
    }

    fn event(&mut self, event: &Event, host: &Host) {
        match event {
            Event::PanelKey { panel, key, text } => self.heard.push(format!("key {panel} {key} {text}")),
            Event::PanelClose { panel } => self.heard.push(format!("closed {panel}")),
            Event::TurnEnd { .. } => {
                if let Some(echo) = &self.echo
                    && let Err(error) = host.submit(echo)
                {
                    host.notify(Level::Warn, &error.to_string());
                }
                if host.confirm("now?", "") == Err(RequestError::NotNow) {
                    self.heard.push("no dialog at an event".to_owned());
                }
            }
            Event::Prompt { text, by } => {
                self.heard.push(format!("prompt {text} by {}", by.as_deref().unwrap_or("the user")));
            }
            Event::PromptEnd { status, reason } => {
                let reason = reason.as_deref().unwrap_or("-");
                self.heard.push(format!("prompt_end {} {reason}", status.as_str()));
            }
            Event::Compaction { messages, by } => {
                let by = by.as_deref().unwrap_or("the model");
                self.heard.push(format!("compaction {messages} by {by}"));
            }
            Event::Lagged { dropped } => self.heard.push(format!("lagged {dropped}")),
            Event::ToolCall { name, .. } => self.heard.push(format!("told of {name}")),
            Event::SessionEnd => host.log(LogLevel::Info, "the session has ended"),
            _ => {}
        }
    }

    fn on_tool_call(&mut self, call: &ToolCall, _: &Host) -> ToolVerdict {
        self.heard.push(format!("asked about {}", call.name));
        ToolVerdict::Pass
    }

    fn stop(&mut self, host: &Host) {
        host.log(LogLevel::Info, "desk stops");
    }
}
