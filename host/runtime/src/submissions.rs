//! Prompts that extensions submit: they wait in a queue, and are taken up one after the other.

use std::sync::{Arc, Weak};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use wharf_ports::call::Cause;
use wharf_ports::ui::Prompts;
use wharf_protocol::id::ExtensionId;
use wharf_protocol::request::RequestError;

use crate::handle::Inner;
use crate::tokens::Tokens;

/// Prompts that may wait.
const WAITING: usize = 16;

/// A prompt that an extension submitted.
pub(crate) struct Submission {
    /// Ends it, also while it waits.
    pub(crate) cancel: CancellationToken,
    pub(crate) by: ExtensionId,
    pub(crate) text: String,
    pub(crate) cause: Cause,
}

/// Where extensions put them.
pub(crate) struct Queue {
    sender: Option<mpsc::Sender<Submission>>,
    tokens: Arc<Tokens>,
}

/// Where they are taken from.
pub(crate) struct Submissions(Option<mpsc::Receiver<Submission>>);

/// The two ends; an agent that answers one prompt alone takes none.
pub(crate) fn queue(accepted: bool, tokens: Arc<Tokens>) -> (Queue, Submissions) {
    if !accepted {
        return (Queue { sender: None, tokens }, Submissions(None));
    }
    let (sender, receiver) = mpsc::channel(WAITING);
    (Queue { sender: Some(sender), tokens }, Submissions(Some(receiver)))
}

impl Prompts for Queue {
    fn submit(&self, by: &ExtensionId, text: String, cause: Cause) -> Result<(), RequestError> {
        let one = || RequestError::unavailable("this run answers one prompt alone");
        let sender = self.sender.as_ref().ok_or_else(one)?;
        let cancel = self.tokens.next();
        sender.try_send(Submission { cancel, by: by.clone(), text, cause }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => {
                RequestError::Full { message: format!("{WAITING} prompts are waiting already") }
            }
            mpsc::error::TrySendError::Closed(_) => RequestError::unavailable("the agent is ending"),
        })
    }
}

impl Submissions {
    /// Takes them up until the agent ends.
    pub(crate) fn serve(self, agent: Weak<Inner>, closing: CancellationToken) {
        let Some(mut receiver) = self.0 else { return };
        tokio::spawn(async move {
            loop {
                let next = tokio::select! {
                    biased;
                    () = closing.cancelled() => return,
                    next = receiver.recv() => next,
                };
                let (Some(submission), Some(agent)) = (next, agent.upgrade()) else { return };
                if submission.cancel.is_cancelled() {
                    continue;
                }
                // The events tell everybody how it went.
                _ = agent.submitted(submission).await;
            }
        });
    }
}
