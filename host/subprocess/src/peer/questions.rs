//! The questions that wait for their answers, and what belongs to them: requests, and what a tool puts out.

use std::sync::atomic::Ordering;

use tokio::sync::mpsc;
use wharf_extensions::backend::{Asking, ExtCall};

use super::{Peer, lock};

/// A question that waits for its answer.
pub(super) struct Asked {
    asking: Asking,
    progress: Option<mpsc::Sender<String>>,
}

/// As long as it lives, requests can belong to a question.
pub(crate) struct Listed<'a> {
    peer: &'a Peer,
    id: String,
}

impl Drop for Listed<'_> {
    fn drop(&mut self) {
        if let Some(asked) = lock(&self.peer.calls).remove(&self.id) {
            // Its dialogs end with it.
            asked.asking.cancel.cancel();
        }
    }
}

impl Peer {
    /// Lets requests belong to a question. Version 1 has none.
    pub(crate) fn list(&self, id: &str, cx: &ExtCall) -> Option<Listed<'_>> {
        if self.version() < 2 {
            return None;
        }
        let asked = Asked { asking: cx.asking(), progress: cx.progress.clone() };
        lock(&self.calls).insert(id.to_owned(), asked);
        Some(Listed { peer: self, id: id.to_owned() })
    }

    /// One more request waits for its reply. False: too many do.
    pub(crate) fn begin_request(&self) -> bool {
        let begun = self.requests.fetch_add(1, Ordering::Relaxed) < self.limits.pending;
        if !begun {
            self.end_request();
        }
        begun
    }

    /// A request has its reply.
    pub(crate) fn end_request(&self) {
        self.requests.fetch_sub(1, Ordering::Relaxed);
    }

    /// The question that a request belongs to.
    pub(crate) fn asking(&self, id: &str) -> Option<Asking> {
        lock(&self.calls).get(id).map(|asked| asked.asking.clone())
    }

    /// Hands on what a tool puts out while it runs. False: nobody waits for this call.
    pub(crate) fn progress(&self, id: &str, text: &str) -> bool {
        let calls = lock(&self.calls);
        let Some(asked) = calls.get(id) else { return false };
        ExtCall::put_out(asked.progress.as_ref(), text);
        true
    }
}
