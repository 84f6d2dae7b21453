//! A prompt is taken up: a slash command, built in or of an extension, or a turn of the model.

use wharf_agent::Transcript;
use wharf_extensions::dispatcher::CommandRun;
use wharf_extensions::error::ExtError;
use wharf_extensions::requests::drawable;
use wharf_ports::call::CallContext;
use wharf_ports::event::{AgentEvent, EventSink};
use wharf_ports::hooks::{Hooks as _, PromptDecision};
use wharf_ports::ui::UserInterface as _;
use wharf_protocol::command::Outcome as CommandOutcome;
use wharf_protocol::content::Content;
use wharf_protocol::hook::Prompt;
use wharf_protocol::id::{ExtensionId, check_registered_name};
use wharf_protocol::request::RequestError;
use wharf_protocol::text::harmless;

use crate::builtin;
use crate::handle::Parts;
use crate::outcome::{Outcome, Status};

/// A prompt, and who it comes from.
#[derive(Clone, Copy)]
pub(crate) struct Words<'a> {
    pub(crate) text: &'a str,
    /// The extension that submitted it; none: the user did.
    pub(crate) by: Option<&'a ExtensionId>,
}

/// Runs `/NAME args` of an extension, or hands the text to the model. What an extension submits is text alone: it can run
/// nobody's command.
pub(crate) async fn take_up(
    parts: &Parts,
    transcript: &mut Transcript,
    words: Words<'_>,
    cx: &CallContext,
) -> Outcome {
    let Some((name, args)) = split(words.text).filter(|_| words.by.is_none()) else {
        return turn(parts, transcript, words, cx).await;
    };
    if let Some(outcome) = builtin::run(parts, transcript, name, args, cx).await {
        return ended(parts, outcome).await;
    }
    let Some(ran) = parts.dispatcher.run_command(name, args, cx).await else {
        tell_unknown(parts, name);
        return turn(parts, transcript, words, cx).await;
    };
    let extension = &ran.extension;
    match &ran.result {
        Ok(Ok(outcome)) => follow(parts, transcript, name, &ran, outcome.clone(), cx).await,
        Ok(Err(why)) => {
            ended(parts, failed(format!("extension \"{extension}\": command /{name}: {why}"))).await
        }
        Err(error) => broken(parts, error).await,
    }
}

/// A path at the beginning of a prompt is none, but what looks like a command and is not one may be a slip.
fn tell_unknown(parts: &Parts, name: &str) {
    if check_registered_name(name).is_err() {
        return;
    }
    let registry = parts.dispatcher.registry();
    let known = registry.commands().map(|entry| entry.spec.name.as_str());
    let known = known.chain(builtin::COMMANDS.iter().map(|(name, _)| *name));
    let known = known.map(|name| format!("/{name}")).collect::<Vec<_>>().join(", ");
    let message =
        format!("there is no command /{name}, so the text goes to the model; the commands are: {known}");
    parts.reporter.problem(None, message);
}

/// The command's name and the text behind it, if the text begins with a slash and a name.
fn split(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix('/')?;
    let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
    let (name, args) = rest.split_at(end);
    (!name.is_empty()).then_some((name, args.trim()))
}

async fn follow(
    parts: &Parts,
    transcript: &mut Transcript,
    name: &str,
    ran: &CommandRun,
    outcome: CommandOutcome,
    cx: &CallContext,
) -> Outcome {
    let extension = &ran.extension;
    let shown = |what: &str, result: Result<(), RequestError>| match result {
        Ok(()) => Outcome::new(Status::Ok, ""),
        Err(why) => failed(format!("extension \"{extension}\": command /{name} wants to {what}: {why}")),
    };
    let ui = &parts.interface;
    let outcome = match outcome {
        CommandOutcome::Noop => Outcome::new(Status::Ok, ""),
        CommandOutcome::Display(text) => {
            let text = harmless(&text);
            let shown =
                AgentEvent::ExtDisplay { extension: extension.clone(), text: text.clone(), is_outcome: true };
            parts.bus.emit(shown).await;
            Outcome::new(Status::Ok, text)
        }
        CommandOutcome::Prompt(text) if text.trim().is_empty() => Outcome::new(Status::Ok, ""),
        CommandOutcome::Prompt(text) => match cx.cause.by_extension() {
            Some(cause) => {
                let words = Words { text: &text, by: Some(extension) };
                return turn(parts, transcript, words, &CallContext { cause, ..cx.clone() }).await;
            }
            None => failed(format!("extension \"{extension}\": command /{name}: too many prompts in a row")),
        },
        CommandOutcome::Insert(text) => {
            shown("insert text into the editor", ui.insert(extension, harmless(&text)))
        }
        CommandOutcome::OpenPanel(panel) => {
            let opened =
                drawable(extension, panel).and_then(|panel| ran.draw(|| ui.open_panel(extension, panel)));
            shown("open a panel", opened)
        }
    };
    ended(parts, outcome).await
}

/// Asks the interceptors of prompts, and then the model.
async fn turn(parts: &Parts, transcript: &mut Transcript, words: Words<'_>, cx: &CallContext) -> Outcome {
    let prompt = Prompt { text: words.text.to_owned(), by: words.by.map(ToString::to_string) };
    let decision = parts.dispatcher.before_prompt(&prompt, cx).await;
    if cx.cancel.is_cancelled() {
        return cancelled(parts).await;
    }
    let text = match decision {
        PromptDecision::Go(rewritten) => rewritten.unwrap_or(prompt.text),
        PromptDecision::Handled { by, text } => {
            let text = harmless(&text);
            if !text.is_empty() {
                let shown = AgentEvent::ExtDisplay { extension: by, text: text.clone(), is_outcome: true };
                parts.bus.emit(shown).await;
            }
            return ended(parts, Outcome::new(Status::Ok, text)).await;
        }
        PromptDecision::Refuse(refusal) => {
            let why = format!("extension \"{}\" refused the prompt: {}", refusal.by, refusal.reason);
            return ended(parts, Outcome::new(Status::Refused(harmless(&why)), "")).await;
        }
    };
    let content = if text.is_empty() { Vec::new() } else { vec![Content::text(text)] };
    parts.agent.run(transcript, content, words.by, cx).await.into()
}

async fn broken(parts: &Parts, error: &ExtError) -> Outcome {
    parts.reporter.log(&error.extension, wharf_extensions::inbound::LogSource::Host, &error.to_string());
    ended(parts, failed(error.to_string())).await
}

/// A prompt that was cancelled before it began.
pub(crate) async fn cancelled(parts: &Parts) -> Outcome {
    parts.bus.emit(AgentEvent::Done).await;
    Outcome::new(Status::Cancelled, "")
}

fn failed(why: String) -> Outcome {
    Outcome::new(Status::Failed(harmless(&why)), "")
}

/// The model's turns tell their end themselves; a command's end is told here.
async fn ended(parts: &Parts, outcome: Outcome) -> Outcome {
    if let Some(message) = outcome.error().filter(|_| outcome.status != Status::Cancelled) {
        parts.bus.emit(AgentEvent::Error { message: message.to_owned() }).await;
    }
    parts.bus.emit(AgentEvent::Done).await;
    outcome
}
