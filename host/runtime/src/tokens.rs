//! What ends prompts: all that were taken up or queued since the last cancel, and everything when the agent closes.

use std::sync::{Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

pub(crate) struct Tokens {
    /// Fires when the agent ends; every other token descends from it.
    closing: CancellationToken,
    /// Replaced when it has fired.
    prompts: Mutex<CancellationToken>,
}

impl Default for Tokens {
    fn default() -> Self {
        let closing = CancellationToken::new();
        let prompts = Mutex::new(closing.child_token());
        Self { closing, prompts }
    }
}

impl Tokens {
    /// The token of one prompt, or of something like one.
    pub(crate) fn next(&self) -> CancellationToken {
        self.prompts.lock().unwrap_or_else(PoisonError::into_inner).child_token()
    }

    /// Ends the prompt in progress, and those that wait.
    pub(crate) fn cancel(&self) {
        let mut prompts = self.prompts.lock().unwrap_or_else(PoisonError::into_inner);
        prompts.cancel();
        *prompts = self.closing.child_token();
    }

    /// Fires when the agent ends.
    pub(crate) fn closing(&self) -> &CancellationToken {
        &self.closing
    }
}
