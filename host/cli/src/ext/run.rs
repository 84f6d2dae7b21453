//! `wharf ext run`: one extension alone, for whoever writes it. Answers go to standard output; what it registered, what
//! it notifies of and what it logs go to standard error.

use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::path::Path;
use std::rc::Rc;

use anyhow::{Context, Error, Result, anyhow};
use tokio::sync::mpsc;
use wharf_runtime::extensions::{ExtensionId, Follower, journal};
use wharf_runtime::ports::event::AgentEvent;
use wharf_runtime::ports::message::joined_text;
use wharf_runtime::{Condition, Content, Events, Places, Report, WatchMode, Wharf, harmless, harmless_line};

use super::RunArgs;
use super::author::{Author, Told};
use super::log::Log;
use crate::args::Cli;
use crate::session::{self, Face};
use crate::signals;

/// Longest text of a submitted prompt that is shown, in bytes.
const SHOWN: usize = 4 << 10;
/// Longest prompt, in bytes.
const PROMPT: u64 = 10 << 20;

pub(super) fn run(args: &RunArgs) -> Result<u8> {
    super::check_path(&args.path).map_err(|error| instead(error, &args.path))?;
    let report = Report::of(&args.path);
    for warning in &report.warnings {
        say!("warning: {}", harmless_line(warning, super::MESSAGE));
    }
    for error in &report.errors {
        say!("error: {}", harmless_line(error, super::MESSAGE));
    }
    if !report.errors.is_empty() {
        return Ok(1);
    }
    let name = ExtensionId::new(&report.name)?;
    let log = journal::file(&Places::from_env()?.logs(), &name);
    let log = Follower::from_end(log.clone()).with_context(|| format!("the log {}", log.display()))?;
    crate::in_runtime(serve(args, log))
}

/// Whoever named an extension that is installed is told where it lies.
fn instead(error: Error, path: &Path) -> Error {
    let survey = super::survey().ok();
    let installed =
        survey.iter().flat_map(|survey| &survey.extensions).find(|one| Path::new(&one.name) == path);
    match installed.filter(|one| one.state != Condition::Untrusted && !one.is_file) {
        Some(one) => {
            anyhow!("{error}; \"{}\" is installed: `wharf ext run {}`", one.name, one.path.display())
        }
        None => super::unknown(error, &path.to_string_lossy()),
    }
}

async fn serve(args: &RunArgs, log: Follower) -> Result<u8> {
    let mut signals = signals::watch();
    let cli = Cli::alone(args)?;
    let work = async {
        let watch = if args.watch { WatchMode::Reload } else { WatchMode::Off };
        // Whoever asks line by line sees what comes of a prompt that the extension submits.
        let builder = session::builder(&cli)?.submissions(args.prompt.is_empty()).watch(watch);
        session::build(builder).await
    };
    let built = tokio::select! {
        built = work => built,
        signal = signals.next() => return Ok(signal.exit_code()),
    };
    let wharf = match built {
        Ok(wharf) => wharf,
        Err((code, why)) => {
            say!("wharf: {}", harmless(&why));
            return Ok(code);
        }
    };
    let mut events = wharf.events();
    let told = Rc::new(Told::default());
    let mut log = Log::new(log, told.clone());
    let mut face = Author::new(&wharf, told);
    let prompt = (!args.prompt.is_empty()).then(|| args.prompt.join(" "));
    let work = async {
        if !dock(&wharf, &mut events, &mut face).await {
            return 1;
        }
        match prompt {
            Some(prompt) => session::ask(&wharf, prompt, &mut events, false, &mut face).await,
            None => converse(&wharf, &mut events, &mut face).await,
        }
    };
    let code = tokio::select! {
        code = work => {
            face.take_stock();
            wharf.close().await;
            code
        }
        signal = signals.next() => {
            say!("wharf: {}", signal.word());
            face.take_stock();
            session::end_by(signal, &wharf).await;
            signal.exit_code()
        }
        () = log.follow() => 1,
    };
    while let Some(event) = events.try_next() {
        face.event(&event);
    }
    log.show_all();
    face.sum_up();
    Ok(code)
}

/// Waits until it has docked, and shows what it registered.
async fn dock(wharf: &Wharf, events: &mut Events, face: &mut Author<'_>) -> bool {
    let settled = wharf.settled();
    tokio::pin!(settled);
    loop {
        tokio::select! {
            biased;
            Some(event) = events.next() => face.event(&event),
            () = &mut settled => break,
        }
    }
    while let Some(event) = events.try_next() {
        face.event(&event);
    }
    face.show();
    wharf.left_out().is_empty() && wharf.failed_extensions().is_empty()
}

/// Takes prompts line by line. The exit code is that of the last one that did not end with 0.
async fn converse(wharf: &Wharf, events: &mut Events, face: &mut Author<'_>) -> u8 {
    let mut lines = lines();
    let asks = io::stdin().is_terminal();
    let mut code = 0;
    loop {
        if asks {
            _ = write!(io::stderr(), "> ").and_then(|()| io::stderr().flush());
        }
        let line = loop {
            tokio::select! {
                line = lines.recv() => break line,
                Some(event) = events.next() => {
                    face.event(&event);
                    submitted(&event);
                }
            }
        };
        match line {
            Some(Ok(line)) if line.trim().is_empty() => {}
            Some(Ok(line)) => {
                let ended = session::ask(wharf, line.trim_end().to_owned(), events, false, face).await;
                code = if ended == 0 { code } else { ended };
            }
            Some(Err(error)) => {
                say!("wharf: standard input: {error}");
                return 2;
            }
            None => return code,
        }
    }
}

/// Shows what becomes of a prompt that the extension has submitted: nobody else does.
fn submitted(event: &AgentEvent) {
    match event {
        AgentEvent::UserMessage { content, .. } => {
            let text: Vec<&str> = content.iter().filter_map(Content::as_text).collect();
            say!("submitted: {}", harmless_line(&text.join("\n"), SHOWN));
        }
        AgentEvent::ToolCall { name, args, .. } => {
            say!("submitted: it calls {name} {}", harmless_line(args.as_str(), SHOWN));
        }
        AgentEvent::ToolResult { output, .. } => {
            say!("submitted: the result: {}", harmless_line(&output.joined_text(), SHOWN));
        }
        AgentEvent::AssistantMessage { blocks, .. } => {
            let text = joined_text(blocks, "\n");
            if !text.is_empty() {
                say!("submitted: the answer: {}", harmless_line(&text, SHOWN));
            }
        }
        AgentEvent::Error { message } => say!("submitted: {}", harmless_line(message, SHOWN)),
        _ => {}
    }
}

/// The lines of standard input, read on a thread of its own: it can wait for ever, and nobody waits for it.
fn lines() -> mpsc::Receiver<io::Result<String>> {
    let (sender, receiver) = mpsc::channel(1);
    std::thread::spawn(move || {
        let mut input = io::stdin().lock();
        loop {
            let mut line = Vec::new();
            let read = (&mut input).take(PROMPT + 1).read_until(b'\n', &mut line);
            let line = match read {
                Ok(0) => return,
                Ok(count) if count as u64 > PROMPT => Err(io::Error::other("a line is longer than 10 MiB")),
                Ok(_) => Ok(String::from_utf8_lossy(&line).into_owned()),
                Err(error) => Err(error),
            };
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    receiver
}
