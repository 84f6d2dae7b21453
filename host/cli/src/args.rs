//! The command line.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory as _, Parser, ValueEnum};
use wharf_runtime::ApprovalMode;
use wharf_runtime::extensions::nearest;

use crate::ext::{ExtCli, ExtCommand, RunArgs};
use crate::json::Json;
use crate::print::Print;
use crate::session::Face;

const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("WHARF_COMMIT"), ")");

const AFTER: &str = "\
Examples:
  wharf -p --model demo 'call read {\"path\":\"README.md\"}'   one answer, no key needed
  git diff | wharf -p --model demo 'review this'              standard input is context
  wharf --json --script turns.jsonl 'go'                      events as JSON lines
  wharf -p --model demo -e ./my-extension '/hello'            an extension's command
  wharf ext list                                              what is installed

Configuration: config.toml, extensions/ and logs/ below $WHARF_HOME, or below `wharf` in the XDG directories.
Exit codes: 0 ok, 1 failed, 2 usage, 3 configuration, 4 provider, 5 refused, 6 budget, 130 SIGINT, 143 SIGTERM.";

/// A terminal coding agent whose heart is an extension host
#[derive(Debug, Parser)]
#[command(name = "wharf", version = VERSION, after_help = AFTER, disable_help_subcommand = true)]
#[command(override_usage = "wharf [FLAGS] [TEXT]\n       wharf ext <COMMAND>")]
pub(crate) struct Cli {
    /// What to ask; `-` reads it from standard input
    text: Vec<String>,
    /// Print the final answer, then exit
    #[arg(short = 'p', long)]
    print: bool,
    /// Write the events as JSON lines, then exit
    #[arg(long, conflicts_with = "print")]
    json: bool,
    /// The provider: demo, script
    #[arg(long, value_name = "NAME")]
    pub(crate) provider: Option<String>,
    /// The model; `demo` needs no key and no network
    #[arg(long, value_name = "ID")]
    pub(crate) model: Option<String>,
    /// Replay this file instead of asking a model
    #[arg(long, value_name = "FILE")]
    pub(crate) script: Option<PathBuf>,
    /// The directory to work in
    #[arg(long, value_name = "DIR")]
    pub(crate) cwd: Option<PathBuf>,
    /// Replace the system prompt
    #[arg(long, value_name = "TEXT")]
    pub(crate) system_prompt: Option<String>,
    /// Add to the system prompt; may be repeated
    #[arg(long, value_name = "TEXT")]
    pub(crate) append_system_prompt: Vec<String>,
    /// The built-in tools to offer, separated by commas
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    tools: Option<Vec<String>>,
    /// Offer no built-in tools
    #[arg(long, conflicts_with = "tools")]
    no_tools: bool,
    /// Model calls for this prompt, at most
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_steps: Option<u32>,
    /// Load an extension (a directory or a .wasm file) for this run; may be repeated
    #[arg(short = 'e', long = "ext", value_name = "PATH")]
    pub(crate) ext: Vec<PathBuf>,
    /// Do not look for extensions; those named with --ext still load
    #[arg(long, alias = "no-extensions")]
    pub(crate) no_ext: bool,
    /// End with exit code 3 if an extension cannot be loaded
    #[arg(long)]
    pub(crate) strict_ext: bool,
    /// Let this project's own extensions load, for this run
    #[arg(long)]
    pub(crate) trust: bool,
    /// What happens before a tool runs that may destroy something
    #[arg(long, value_name = "MODE")]
    approve: Option<Approve>,
    /// The same as --approve ask
    #[arg(long, conflicts_with = "approve")]
    no_yolo: bool,
    /// Do not read config.toml
    #[arg(long)]
    pub(crate) no_config: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Approve {
    /// Ask; where nobody can be asked, refuse
    Ask,
    /// Run it
    Auto,
    /// Refuse it
    Deny,
}

/// How the answer is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Print,
    Json,
    Terminal,
}

/// What the command line asks for.
pub(crate) enum Arguments {
    Run(Box<Cli>),
    Ext(ExtCommand),
    /// To compile a component: only this program itself starts one so.
    Compile(Vec<OsString>),
    Exit(u8),
}

impl Cli {
    pub(crate) fn mode(&self) -> Mode {
        match (self.json, self.print) {
            (true, _) => Mode::Json,
            (false, true) => Mode::Print,
            (false, false) => Mode::Terminal,
        }
    }

    /// The prompt as given on the command line; none, or `-`: it comes from standard input.
    pub(crate) fn prompt(&self) -> Option<String> {
        let text = self.text.join(" ");
        (!self.text.is_empty() && text != "-").then_some(text)
    }

    /// The built-in tools to offer; none: all.
    pub(crate) fn tools(&self) -> Option<Vec<String>> {
        if self.no_tools { Some(Vec::new()) } else { self.tools.clone() }
    }

    /// The flags that load this extension alone, with the demo model unless another is named.
    pub(crate) fn alone(run: &RunArgs) -> Result<Self, clap::Error> {
        let mut cli = Self::try_parse_from(["wharf", "--no-ext"])?;
        cli.ext = vec![run.path.clone()];
        cli.provider.clone_from(&run.provider);
        cli.model.clone_from(&run.model);
        cli.script.clone_from(&run.script);
        if run.provider.is_none() && run.model.is_none() {
            cli.provider = Some("demo".to_owned());
        }
        cli.cwd.clone_from(&run.cwd);
        cli.approve = run.approve;
        Ok(cli)
    }

    pub(crate) fn approve(&self) -> Option<ApprovalMode> {
        if self.no_yolo {
            return Some(ApprovalMode::Ask);
        }
        self.approve.map(|mode| match mode {
            Approve::Ask => ApprovalMode::Ask,
            Approve::Auto => ApprovalMode::Auto,
            Approve::Deny => ApprovalMode::Deny,
        })
    }
}

/// The subcommand that compiles a component.
pub(crate) const COMPILE: &str = "ext-compile";

/// Reads the command line of this process.
pub(crate) fn parse() -> Arguments {
    let mut words: Vec<_> = std::env::args_os().collect();
    if words.get(1).is_some_and(|word| word == COMPILE) {
        return Arguments::Compile(words.split_off(2));
    }
    let parsed = if words.get(1).is_some_and(|word| word == "ext") {
        words.remove(1);
        ExtCli::try_parse_from(words).map(|cli| Arguments::Ext(cli.command))
    } else {
        Cli::try_parse_from(words).map(|cli| Arguments::Run(Box::new(cli)))
    };
    let json = std::env::args_os().any(|word| word == "--json");
    parsed.unwrap_or_else(|error| Arguments::Exit(explain(&error, json)))
}

/// The help that tells of what was got wrong.
fn help() -> String {
    let words: Vec<_> =
        std::env::args_os().map(|word| word.to_string_lossy().into_owned()).skip(1).take(2).collect();
    match words.as_slice() {
        [ext, command] if ext == "ext" && ExtCli::command().find_subcommand(command).is_some() => {
            format!("wharf ext {command} --help")
        }
        [ext, ..] if ext == "ext" => "wharf ext --help".to_owned(),
        _ => "wharf --help".to_owned(),
    }
}

/// Help goes to standard output; a mistake is one line, with what was probably meant.
fn explain(error: &clap::Error, json: bool) -> u8 {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        say!("{}", error.render());
        return 2;
    }
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        // Whoever reads may have gone; then there is nobody to tell.
        _ = write!(std::io::stdout(), "{}", error.render());
        return 0;
    }
    let rendered = error.render().to_string();
    let paragraph = rendered.lines().take_while(|line| !line.is_empty()).map(str::trim);
    let cause = paragraph.collect::<Vec<_>>().join(" ");
    let meant = subcommand(error).or_else(|| suggested(error));
    let cause = cause.strip_prefix("error: ").unwrap_or(&cause);
    let next = meant.map_or_else(|| format!("see {}", help()), |word| format!("did you mean {word}?"));
    let message = format!("{cause}; {next}");
    match json {
        true => Json.broken(2, &message),
        false => Print::new().broken(2, &message),
    }
    2
}

/// The subcommand that was probably meant.
fn subcommand(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand) else { return None };
    let command = ExtCli::command();
    nearest(word, command.get_subcommands().map(clap::Command::get_name)).map(ToOwned::to_owned)
}

fn suggested(error: &clap::Error) -> Option<String> {
    [ContextKind::SuggestedArg, ContextKind::SuggestedValue, ContextKind::SuggestedSubcommand]
        .into_iter()
        .find_map(|kind| match error.get(kind) {
            Some(ContextValue::String(word)) => Some(word.clone()),
            Some(ContextValue::Strings(words)) => words.first().cloned(),
            _ => None,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound_and_its_help_fits_a_screen() {
        Cli::command().debug_assert();
        ExtCli::command().debug_assert();
        let help = Cli::command().render_help().to_string();
        assert!(help.lines().count() <= 60, "{} lines", help.lines().count());
    }
}
