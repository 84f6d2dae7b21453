//! Slash commands, and what can come of one: a text for the user, a prompt for the model, a text in the editor, an
//! error.

use wharf_guest::{CommandResult, CommandSpec, Extension, Host, Outcome, Registration, Start};

/// The extension; it keeps nothing.
#[derive(Debug)]
pub struct Hello;

wharf_guest::export!(Hello);
wharf_guest::manifest!("../extension.json");

impl Extension for Hello {
    const NAME: &'static str = "hello";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");

    fn start(_: &Start, _: &Host) -> Result<Self, String> {
        Ok(Self)
    }

    fn registration(&self) -> Registration {
        Registration::new()
            .command(CommandSpec::new("hello", "Show a greeting: /hello [NAME]"))
            .command(CommandSpec::new("hello-ask", "Have the model greet somebody: /hello-ask NAME"))
            .command(CommandSpec::new("hello-draft", "Put a greeting into the editor: /hello-draft NAME"))
    }

    fn command(&mut self, command: &str, name: &str, _: &Host) -> CommandResult {
        match (command, name) {
            ("hello", "") => Ok(Outcome::Display("Hello!".to_owned())),
            ("hello", name) => Ok(Outcome::Display(format!("Hello, {name}!"))),
            (command, "") => Err(format!("whom? Usage: /{command} NAME")),
            ("hello-ask", name) => Ok(Outcome::Prompt(format!("Greet {name} in one sentence."))),
            ("hello-draft", name) => Ok(Outcome::Insert(format!("Dear {name},\n"))),
            _ => Err(format!("unknown command {command:?}")),
        }
    }
}
