//! A well-behaved guest that does everything an extension can do, steered by names and arguments, so that the
//! conformance suite can ask the same of both backends.
//!
//! | what | how |
//! |---|---|
//! | `probe_echo` `{text}` | `echo:TEXT` |
//! | `probe_fail` | the error `probe fails` |
//! | `probe_image` | an image of one pixel |
//! | `probe_add_args` | its arguments as it got them; the probe's own hook adds `"added":true` to them before |
//! | `probe_trace` | every event and hook seen so far, a line each, see [`trace`] |
//! | `probe_block_next_turn` | the next turn is refused with `probe refuses the turn` |
//! | `probe_register_late` | registers the tool `probe_late`, which answers `late` |
//! | `/probe WORD` | `display`, `prompt`, `insert`, `panel`, `noop`, `error`, `notify` |
//! | hook `tool_call` | refuses `bash` with `rm -rf` in it, has the user asked about `ask first`, makes `echo plain` into `echo GUARDED` |
//! | hook `assistant_message` | makes `SECRET` into `[redacted]`, hides what holds `HIDE ME` |
//! | hook `prompt` | makes `REWRITE ME` into `rewritten`, refuses `REFUSE ME`, deals with `HANDLE ME` itself |
//! | hook `tool_result` | turns a result that says `TURN ME` into its contrary: an error into a success and back |
//! | hook `compaction` | summarises itself when it is to keep `mine`, refuses when it is to keep `all` |

mod hooks;
mod tools;
pub mod trace;

use wharf_guest::{
    CommandResult, CommandSpec, Compaction, CompactionVerdict, Event, Extension, HookPoint, HookSpec, Host,
    Level, LogLevel, MessageVerdict, OnFailure, Outcome, Panel, Prompt, PromptVerdict, Registration,
    ResultVerdict, Start, ToolCall, ToolOutput, ToolReport, ToolVerdict, Topic, TurnVerdict,
};

use crate::trace::Trace;

/// The extension.
#[derive(Debug, Default)]
pub struct Probe {
    trace: Trace,
    block_next_turn: bool,
}

wharf_guest::export!(Probe);
wharf_guest::manifest!("../extension.json");

impl Extension for Probe {
    const NAME: &'static str = "probe";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");

    fn start(_: &Start, host: &Host) -> Result<Self, String> {
        host.log(LogLevel::Info, "probe starts");
        Ok(Self::default())
    }

    fn registration(&self) -> Registration {
        Registration {
            tools: tools::at_start(),
            commands: vec![CommandSpec::new("probe", "display|prompt|insert|panel|noop|error|notify")],
            events: Topic::ALL.to_vec(),
            hooks: vec![
                HookSpec::on(HookPoint::ToolCall).on_failure(OnFailure::Closed),
                HookSpec::on(HookPoint::TurnStart),
                HookSpec::on(HookPoint::AssistantMessage),
                HookSpec::on(HookPoint::Prompt),
                HookSpec::on(HookPoint::ToolResult),
                HookSpec::on(HookPoint::Compaction),
            ],
        }
    }

    fn tool(&mut self, call: &ToolCall, host: &Host) -> ToolOutput {
        match call.name.as_str() {
            "probe_echo" => tools::echo(&call.args),
            "probe_fail" => ToolOutput::error("probe fails"),
            "probe_image" => tools::image(),
            "probe_add_args" => ToolOutput::text(trace::compact(&call.args)),
            "probe_trace" => ToolOutput::text(self.trace.to_string()),
            "probe_block_next_turn" => {
                self.block_next_turn = true;
                ToolOutput::text("the next turn will be refused")
            }
            "probe_register_late" => match host.register(Registration::new().tool(tools::late())) {
                Ok(()) => ToolOutput::text("registered probe_late"),
                Err(error) => ToolOutput::error(error.to_string()),
            },
            "probe_late" => ToolOutput::text("late"),
            other => ToolOutput::error(format!("unknown tool {other:?}")),
        }
    }

    fn command(&mut self, _: &str, args: &str, host: &Host) -> CommandResult {
        Ok(match args {
            "display" => Outcome::Display("probe displays".to_owned()),
            "prompt" => Outcome::Prompt("probe asks".to_owned()),
            "insert" => Outcome::Insert("probe inserts".to_owned()),
            "panel" => Outcome::OpenPanel(Panel {
                id: "probe".to_owned(),
                title: "Probe".to_owned(),
                lines: vec!["one".to_owned(), "two".to_owned()],
                footer: "end".to_owned(),
            }),
            "noop" => Outcome::Noop,
            "error" => return Err("probe error".to_owned()),
            "notify" => {
                host.notify(Level::Warn, "probe notifies");
                Outcome::Noop
            }
            other => return Err(format!("what is {other:?}?")),
        })
    }

    fn event(&mut self, event: &Event, _: &Host) {
        self.trace.event(event);
    }

    fn on_tool_call(&mut self, call: &ToolCall, _: &Host) -> ToolVerdict {
        self.trace.hook(HookPoint::ToolCall, &format!("{} {}", call.name, trace::compact(&call.args)));
        hooks::tool_call(call)
    }

    fn on_turn_start(&mut self, step: u32, _: &Host) -> TurnVerdict {
        self.trace.hook(HookPoint::TurnStart, &step.to_string());
        if std::mem::take(&mut self.block_next_turn) {
            TurnVerdict::Refuse("probe refuses the turn".to_owned())
        } else {
            TurnVerdict::Pass
        }
    }

    fn on_assistant_message(&mut self, text: &str, _: &Host) -> MessageVerdict {
        self.trace.hook(HookPoint::AssistantMessage, &trace::quoted(text));
        hooks::assistant_message(text)
    }

    fn on_prompt(&mut self, prompt: &Prompt, _: &Host) -> PromptVerdict {
        let by = prompt.by.as_deref().unwrap_or("the user");
        self.trace.hook(HookPoint::Prompt, &format!("{} by {by}", trace::quoted(&prompt.text)));
        hooks::prompt(&prompt.text)
    }

    fn on_tool_result(&mut self, report: &ToolReport, _: &Host) -> ResultVerdict {
        let ToolReport { call, output } = report;
        let kind = if output.is_error { "error" } else { "ok" };
        self.trace
            .hook(HookPoint::ToolResult, &format!("{} {kind} {}", call.name, trace::compact(&call.args)));
        hooks::tool_result(output)
    }

    fn on_compaction(&mut self, compaction: &Compaction, _: &Host) -> CompactionVerdict {
        let Compaction { cause, messages, instructions } = compaction;
        self.trace.hook(HookPoint::Compaction, &format!("{} {messages}", cause.as_str()));
        hooks::compaction(instructions)
    }

    fn stop(&mut self, host: &Host) {
        host.log(LogLevel::Info, "probe stops");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Manifest {
        wharf: Declared,
    }

    #[derive(serde::Deserialize)]
    struct Declared {
        hooks: Vec<HookSpec>,
        tools: Vec<wharf_guest::ToolSpec>,
        commands: Vec<CommandSpec>,
        events: Vec<Topic>,
    }

    #[test]
    fn the_manifest_declares_what_is_registered() {
        let declared = serde_json::from_str::<Manifest>(include_str!("../extension.json")).unwrap().wharf;
        let mut registration = Probe::default().registration();
        registration.tools.push(tools::late());
        let names =
            |tools: &[wharf_guest::ToolSpec]| tools.iter().map(|tool| tool.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&declared.tools), names(&registration.tools));
        assert_eq!(declared.hooks, registration.hooks);
        assert_eq!(declared.commands, registration.commands);
        assert_eq!(declared.events, registration.events);
    }
}
