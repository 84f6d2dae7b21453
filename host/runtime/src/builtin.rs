//! The slash commands that are built in.

use wharf_extensions::reload;
use wharf_ports::call::CallContext;
use wharf_protocol::text::harmless;

use crate::handle::Parts;
use crate::outcome::{Outcome, Status};

/// Their names and what they do. No extension's command may take one of these names.
pub const COMMANDS: [(&str, &str); 1] =
    [(RELOAD, "Load extensions anew: /reload-ext [NAME]; without a name, all of them")];

const RELOAD: &str = "reload-ext";

/// Runs the command of that name; none: it is not built in.
pub(crate) async fn run(parts: &Parts, name: &str, args: &str, cx: &CallContext) -> Option<Outcome> {
    match name {
        RELOAD => Some(reload_ext(parts, args, cx).await),
        _ => None,
    }
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
