//! Refuses dangerous shell commands before they run, and keeps an audit log.
//!
//! It reads a command as a shell would, so that `grep -r sudo .` passes and `ls; "rm" -r -f ~` does not. It is a
//! seat belt, not a sandbox: what a variable or a script holds, it cannot see.
//!
//! | module | what |
//! |---|---|
//! | [`shell`] | a command line taken apart into simple commands |
//! | [`rules`] | what is refused, and in which words |
//! | [`audit`] | what was decided |

pub mod audit;
pub mod rules;
pub mod shell;

use serde::Deserialize;
use wharf_guest::{
    CommandResult, CommandSpec, Event, Extension, HookPoint, HookSpec, Host, OnFailure, Outcome,
    Registration, Start, ToolCall, ToolVerdict, Topic,
};

use crate::audit::{Audit, Decision};

/// The extension.
#[derive(Debug)]
pub struct Guard {
    audit: Audit,
}

wharf_guest::export!(Guard);
wharf_guest::manifest!("../extension.json");

#[derive(Deserialize)]
struct BashArgs {
    command: String,
}

impl Extension for Guard {
    const NAME: &'static str = "guard";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");

    fn start(start: &Start, _: &Host) -> Result<Self, String> {
        Ok(Self { audit: Audit::new(start.data_dir.as_deref()) })
    }

    fn registration(&self) -> Registration {
        Registration::new()
            .hook(HookSpec::on(HookPoint::ToolCall).tools(["bash"]).order(0).on_failure(OnFailure::Closed))
            .command(CommandSpec::new("guard", "Show what the guard decided"))
            .events([Topic::TurnEnd])
    }

    fn event(&mut self, _: &Event, _: &Host) {
        self.audit.turn_ended();
    }

    fn on_tool_call(&mut self, call: &ToolCall, host: &Host) -> ToolVerdict {
        let (command, refused) = match call.args.parse::<BashArgs>() {
            Ok(args) => {
                let refused = rules::check(&args.command);
                (args.command, refused)
            }
            Err(_) => (call.args.to_string(), Some(rules::UNREADABLE)),
        };
        self.audit.record(
            &Decision { call: &call.id, command: &command, rule: refused.map(|rule| rule.name) },
            host,
        );
        match refused {
            Some(rule) => ToolVerdict::Refuse(rule.reason()),
            None => ToolVerdict::Pass,
        }
    }

    fn command(&mut self, _: &str, _: &str, _: &Host) -> CommandResult {
        Ok(Outcome::Display(self.audit.summary()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Manifest {
        wharf: Declared,
    }

    #[derive(Deserialize)]
    struct Declared {
        hooks: Vec<HookSpec>,
        commands: Vec<CommandSpec>,
        events: Vec<Topic>,
    }

    #[test]
    fn the_manifest_declares_what_is_registered() {
        let manifest: Manifest = serde_json::from_str(include_str!("../extension.json")).unwrap();
        let registration = Guard { audit: Audit::new(None) }.registration();
        assert_eq!(manifest.wharf.hooks, registration.hooks);
        assert_eq!(manifest.wharf.commands, registration.commands);
        assert_eq!(manifest.wharf.events, registration.events);
    }
}
