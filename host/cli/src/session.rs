//! One prompt in a mode that answers once: build, ask, show, close, exit code.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use wharf_runtime::compile::ChildProcess;
use wharf_runtime::ports::event::AgentEvent;
use wharf_runtime::{BuildError, Builder, Config, Events, ModelChoice, Outcome, Places, Wharf};

use crate::args::{self, Cli};
use crate::input;
use crate::signals::{self, Signal};
use wharf_runtime::harmless;

/// What extensions get when the program is told to end at once.
const HURRY: Duration = Duration::from_millis(300);

/// How a mode shows what happens.
pub(crate) trait Face {
    /// Something happened.
    fn event(&mut self, event: &AgentEvent);
    /// The prompt has ended. Fails when the answer cannot be written.
    fn end(&mut self, outcome: &Outcome, wharf: &Wharf) -> io::Result<()>;
    /// It did not get that far.
    fn broken(&mut self, code: u8, message: &str);
}

/// Runs the prompt and returns the exit code.
pub(crate) async fn run(cli: Cli, mut face: impl Face) -> u8 {
    let mut signals = signals::watch();
    let ready = tokio::select! {
        ready = prepare(&cli) => ready,
        signal = signals.next() => Err((signal.exit_code(), signal.word().to_owned())),
    };
    let (prompt, wharf) = match ready {
        Ok(ready) => ready,
        Err((code, message)) => return stop(&mut face, code, &message),
    };
    let mut events = wharf.events();
    let signal = tokio::select! {
        code = ask(&wharf, prompt, &mut events, cli.strict_ext, &mut face) => {
            let interrupted = tokio::select! {
                () = keep(&wharf, &mut events) => None,
                signal = signals.next() => Some(signal),
            };
            // The face has said its last word: an interrupt skips what is left, and changes nothing.
            match interrupted {
                Some(signal) => end_by(signal, &wharf).await,
                None => wharf.close().await,
            }
            return code;
        }
        signal = signals.next() => signal,
    };
    stop(&mut face, signal.exit_code(), signal.word());
    end_by(signal, &wharf).await;
    signal.exit_code()
}

async fn prepare(cli: &Cli) -> Result<(String, Wharf), (u8, String)> {
    let prompt = input::prompt(cli.prompt()).await.map_err(|error| (2, format!("{error:#}")))?;
    // It answers one prompt, and then ends.
    Ok((prompt, build(builder(cli)?.submissions(false)).await?))
}

fn stop(face: &mut impl Face, code: u8, message: &str) -> u8 {
    face.broken(code, message);
    code
}

/// Lets components be compiled to the end: a run that ends before would begin anew the next time.
async fn keep(wharf: &Wharf, events: &mut Events) {
    let compiling = wharf.compiling();
    if compiling.is_empty() {
        return;
    }
    let names: Vec<_> = compiling.iter().map(ToString::to_string).collect();
    say!("wharf: {} is being compiled, once; interrupt to skip it", names.join(", "));
    wharf.compiled().await;
    while let Some(event) = events.try_next() {
        if let AgentEvent::ExtFailed { message, .. } = event {
            say!("wharf: {}", harmless(&message));
        }
    }
}

/// Asks, shows what happens, and returns the exit code.
pub(crate) async fn ask(
    wharf: &Wharf,
    prompt: String,
    events: &mut Events,
    strict: bool,
    face: &mut impl Face,
) -> u8 {
    if strict {
        wharf.settled().await;
        let failed = wharf.failed_extensions().first().map(ToString::to_string);
        if let Some(message) = wharf.left_out().first().cloned().or(failed) {
            return stop(face, 3, &message);
        }
    }
    let run = wharf.prompt(prompt).await;
    let outcome = run.outcome();
    tokio::pin!(outcome);
    let outcome = loop {
        tokio::select! {
            biased;
            Some(event) = events.next() => face.event(&event),
            outcome = &mut outcome => break outcome,
        }
    };
    while let Some(event) = events.try_next() {
        face.event(&event);
    }
    match face.end(&outcome, wharf) {
        // A reader that has gone on purpose, as `head` does, is no failure.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            say!("wharf: the answer cannot be written to standard output: {error}");
            1
        }
        Ok(()) | Err(_) => outcome.exit_code(),
    }
}

/// Ends the agent as politely as the signal lets.
pub(crate) async fn end_by(signal: Signal, wharf: &Wharf) {
    match signal {
        Signal::Interrupt => wharf.close().await,
        Signal::Terminate | Signal::HangUp => wharf.close_within(HURRY).await,
    }
}

/// Builds the agent; or the exit code, and why not.
pub(crate) async fn build(builder: Builder) -> Result<Wharf, (u8, String)> {
    builder.build().await.map_err(|error| {
        let code = if matches!(error, BuildError::Cwd { .. } | BuildError::Tools(_)) { 2 } else { 3 };
        (code, error.to_string())
    })
}

/// The agent that the flags and the configuration ask for; or the exit code, and why not.
pub(crate) fn builder(cli: &Cli) -> Result<Builder, (u8, String)> {
    let places = Places::from_env().map_err(|error| (3, error.to_string()))?;
    let config = if cli.no_config { Config::default() } else { read_config(&places.config_file())? };
    let mut builder = Wharf::builder()
        .places(places)
        .model(model(cli, &config)?)
        .approval(cli.approve().or(config.approve).unwrap_or_default())
        .trust_project(cli.trust)
        .discover(!cli.no_ext)
        .config(config);
    // Without it, compiling is done in this process.
    // SAFETY: `main` serves these arguments with `serve_compile` before anything else.
    let compiler = unsafe { ChildProcess::of_this_program([args::COMPILE]) };
    if let Ok(compiler) = compiler {
        builder = builder.compiler(Arc::new(compiler));
    }
    if let Some(cwd) = &cli.cwd {
        builder = builder.cwd(cwd);
    }
    if let Some(names) = cli.tools() {
        builder = builder.tools(names);
    }
    if let Some(steps) = cli.max_steps {
        builder = builder.max_steps(steps);
    }
    if let Some(text) = &cli.system_prompt {
        builder = builder.system_prompt(text);
    }
    builder = cli.append_system_prompt.iter().fold(builder, Builder::append_system_prompt);
    Ok(cli.ext.iter().fold(builder, Builder::extension))
}

fn read_config(file: &Path) -> Result<Config, (u8, String)> {
    let config = Config::load(file).map_err(|error| (3, error.to_string()))?;
    for warning in config.warnings(file) {
        say!("wharf: {}", harmless(&warning));
    }
    Ok(config)
}

fn model(cli: &Cli, config: &Config) -> Result<ModelChoice, (u8, String)> {
    if let Some(file) = &cli.script {
        return Ok(ModelChoice::Script(file.clone()));
    }
    let provider = cli.provider.as_ref().or(config.provider.as_ref());
    let model = cli.model.as_ref().or(config.model.as_ref());
    match (provider.map(String::as_str), model.map(String::as_str)) {
        (Some("demo"), _) | (None, Some("demo")) => Ok(ModelChoice::Demo),
        (Some("script"), _) | (None, Some("script")) => {
            Err((2, "the provider script needs --script FILE".to_owned()))
        }
        (None, None) => Err((
            3,
            "no model is chosen; use --model demo (no key needed) or --script FILE, or set model = \"demo\" in config.toml"
                .to_owned(),
        )),
        (provider, model) => {
            let wanted = provider.or(model).unwrap_or_default();
            Err((3, format!("{wanted:?} is not a provider or model of this version; it has demo and script")))
        }
    }
}
