//! Streams an answer that is known beforehand.

use std::time::Duration;

use futures_util::stream;
use tokio_util::sync::CancellationToken;
use wharf_ports::call::CallContext;
use wharf_ports::message::{Body, Message};
use wharf_ports::model::{ModelError, ModelEvent, ModelStream};
use wharf_protocol::content::Content;

/// A piece of an answer.
pub(crate) struct Cue {
    /// How long to wait before it.
    pub(crate) pause: Duration,
    pub(crate) event: ModelEvent,
}

/// Plays the cues, until the caller cancels.
pub(crate) fn play(cues: Vec<Cue>, cx: &CallContext) -> ModelStream {
    let start = Some((cues.into_iter(), cx.cancel.clone()));
    Box::pin(stream::unfold(start, |state| async move {
        let (mut cues, cancel) = state?;
        let cue = cues.next()?;
        match pause(cue.pause, &cancel).await {
            Ok(()) => Some((Ok(cue.event), Some((cues, cancel)))),
            Err(error) => Some((Err(error), None)),
        }
    }))
}

/// Waits, or fails once the caller cancels.
pub(crate) async fn pause(time: Duration, cancel: &CancellationToken) -> Result<(), ModelError> {
    if time.is_zero() && !cancel.is_cancelled() {
        // The runtime's shortest sleep is a millisecond.
        return Ok(());
    }
    tokio::select! {
        biased;
        () = cancel.cancelled() => Err(ModelError::Cancelled),
        () = tokio::time::sleep(time) => Ok(()),
    }
}

/// The text of the user's last message, its blocks joined by newlines; empty if there is none.
pub(crate) fn last_user_text(messages: &[Message]) -> String {
    let content = messages.iter().rev().find_map(|message| match &message.body {
        Body::User(content) => Some(content.as_slice()),
        Body::Assistant(_) | Body::Tool(_) => None,
    });
    content.unwrap_or_default().iter().filter_map(Content::as_text).collect::<Vec<_>>().join("\n")
}
