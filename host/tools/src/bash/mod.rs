//! The tool `bash`.

mod capture;
mod command;
mod shell;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use tokio::time::Instant;
use wharf_child::Exit;
use wharf_ports::call::CallContext;
use wharf_ports::tool::{Progress, Tool};
use wharf_protocol::json::Json;
use wharf_protocol::tool::{ToolOutput, ToolSpec, ToolTraits};

use crate::parse_args;
use command::{Ended, Stopped};

/// How long a command may run when the model does not say.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(120);
/// How long it may run when the model does.
const MAX_TIMEOUT: Duration = Duration::from_hours(24);

/// Runs shell commands.
pub(crate) struct Bash {
    spec: Arc<ToolSpec>,
    cwd: PathBuf,
}

#[derive(Debug, Deserialize)]
struct Args {
    #[serde(default)]
    command: String,
    timeout: Option<u64>,
}

impl Bash {
    pub(crate) fn new(cwd: &Path) -> Self {
        let mut spec = ToolSpec::new("bash", description(), schema());
        spec.traits = ToolTraits { destructive: true, ..ToolTraits::default() };
        Self { spec: Arc::new(spec), cwd: cwd.to_owned() }
    }
}

fn description() -> String {
    let timeout = DEFAULT_TIMEOUT.as_secs();
    format!(
        "Runs a command with {} in the working directory, without input, for at most {timeout} s unless `timeout` says \
         otherwise. Standard output and error come together; the first 2000 lines or 51200 bytes are shown, the rest is \
         in a file that is named then. Processes left in the background end with the command.",
        shell::NAME
    )
}

fn schema() -> Json {
    let timeout = DEFAULT_TIMEOUT.as_secs();
    let schema = format!(
        r#"{{"type":"object","properties":{{"command":{{"type":"string","description":"the command line"}},"timeout":{{"type":"integer","minimum":1,"description":"seconds until the command is ended; default {timeout}"}}}},"required":["command"]}}"#
    );
    Json::new(schema).unwrap_or_else(|_| Json::empty_object())
}

#[async_trait]
impl Tool for Bash {
    fn spec(&self) -> Arc<ToolSpec> {
        self.spec.clone()
    }

    async fn call(&self, args: &Json, progress: &dyn Progress, cx: &CallContext) -> ToolOutput {
        let Args { command, timeout } = match parse_args(args) {
            Ok(args) => args,
            Err(problem) => return ToolOutput::error(problem),
        };
        if command.trim().is_empty() {
            return ToolOutput::error("command is required");
        }
        if cx.cancel.is_cancelled() {
            return ToolOutput::error("aborted");
        }
        let limit = timeout.map_or(DEFAULT_TIMEOUT, Duration::from_secs).min(MAX_TIMEOUT);
        let deadline = cx.deadline_within(limit);
        let limit = deadline.saturating_duration_since(Instant::now());
        match command::run(shell::spec(&command).cwd(&self.cwd), deadline, progress, &cx.cancel).await {
            Ok(ended) => report(&command, limit, &ended),
            Err(error) => ToolOutput::error(error.to_string()),
        }
    }
}

fn report(command: &str, limit: Duration, ended: &Ended) -> ToolOutput {
    let mut text = format!("$ {command}\n\n");
    text.push_str(&ended.output.text);
    if !ended.output.text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    let mut notes = ended.output.notes.clone();
    match (ended.stopped, ended.exit) {
        (Some(Stopped::TimedOut), _) => notes.push(format!("timed out after {:.0} s", limit.as_secs_f64())),
        (None, Exit::Signal(_)) => notes.push(ended.exit.to_string()),
        (Some(Stopped::Aborted), _) | (None, Exit::Code(_)) => {}
    }
    if ended.left_open {
        notes.push(
            "a background process still held the output; what belonged to the command was ended".to_owned(),
        );
    }
    if ended.held {
        let note = "a process that has left the command's group runs on and holds the output; what it writes is lost";
        notes.push(note.to_owned());
    }
    for note in &notes {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "... [{note}]");
    }
    if !(ended.output.text.is_empty() && notes.is_empty()) {
        text.push('\n');
    }
    let code = match ended.exit {
        Exit::Code(code) => code,
        Exit::Signal(_) => -1,
    };
    let file = ended.output.file.as_ref().map(|file| format!(" ({file})")).unwrap_or_default();
    let _ = write!(text, "[exit {code}]{file}  Took {:.1}s", ended.took.as_secs_f64());
    let is_error = ended.stopped.is_some() || !ended.exit.is_success();
    ToolOutput { is_error, ..ToolOutput::text(text) }
}
