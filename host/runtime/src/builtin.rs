//! The slash commands that are built in.

use wharf_agent::Transcript;
use wharf_extensions::reload;
use wharf_ports::call::CallContext;
use wharf_ports::event::{AgentEvent, EventSink as _};
use wharf_protocol::hook::CompactionCause;
use wharf_protocol::text::{harmless, harmless_line};

use crate::handle::Parts;
use crate::outcome::{Outcome, Status};

/// Their names and what they do. No extension's command may take one of these names.
pub const COMMANDS: [(&str, &str); 3] = [
    (COMPACT, "Make the conversation shorter: /compact [WHAT TO KEEP]"),
    (GUARDS, "List who is asked at which hook, and what came of it the last time"),
    (RELOAD, "Load extensions anew: /reload-ext [NAME]; without a name, all of them"),
];

const COMPACT: &str = "compact";
const GUARDS: &str = "guards";
const RELOAD: &str = "reload-ext";

/// Longest line of a list, in bytes.
const LINE: usize = 1 << 10;

/// Runs the command of that name; none: it is not built in.
pub(crate) async fn run(
    parts: &Parts,
    transcript: &mut Transcript,
    name: &str,
    args: &str,
    cx: &CallContext,
) -> Option<Outcome> {
    match name {
        COMPACT => Some(compact(parts, transcript, args, cx).await),
        GUARDS => Some(guards(parts).await),
        RELOAD => Some(reload_ext(parts, args, cx).await),
        _ => None,
    }
}

async fn compact(parts: &Parts, transcript: &mut Transcript, args: &str, cx: &CallContext) -> Outcome {
    match parts.agent.compact(transcript, CompactionCause::Manual, args, cx).await {
        Ok(Some(compacted)) => Outcome::new(Status::Ok, harmless(&compacted.summary)),
        Ok(None) => Outcome::new(Status::Ok, "there is nothing to make shorter"),
        Err(error) => Outcome::new(error.into(), ""),
    }
}

async fn guards(parts: &Parts) -> Outcome {
    let guards = parts.dispatcher.guards();
    let lines: Vec<String> = guards.iter().map(|guard| harmless_line(&guard.to_string(), LINE)).collect();
    let text = if lines.is_empty() { "no extension guards anything".to_owned() } else { lines.join("\n") };
    parts.bus.emit(AgentEvent::Display { text: text.clone() }).await;
    Outcome::new(Status::Ok, text)
}

async fn reload_ext(parts: &Parts, args: &str, cx: &CallContext) -> Outcome {
    let name = Some(args).filter(|name| !name.is_empty());
    let changes = tokio::select! {
        biased;
        // Given up before its end, it has changed nothing.
        () = cx.cancel.cancelled() => return Outcome::new(Status::Cancelled, ""),
        changes = parts.reload(name) => changes,
    };
    let failures = changes.iter().filter(|change| change.failure().is_some()).count();
    let status = match failures {
        0 => Status::Ok,
        1 => Status::Failed("/reload-ext: one extension could not be loaded".to_owned()),
        _ => Status::Failed(format!("/reload-ext: {failures} extensions could not be loaded")),
    };
    Outcome::new(status, harmless(&reload::summary(&changes)))
}
