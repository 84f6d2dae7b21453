//! Lines that mean nothing, or not what their author thinks: told to whoever can mend them, and ended, where something
//! waits, at once.

use wharf_child::pace::Worth;
use wharf_extensions::error::Fault;
use wharf_extensions::suggestion;
use wharf_protocol::error::DecodeError;
use wharf_protocol::frame::{FromExtension, InterceptResponse};

use super::{COMMAND, HOOK, Incoming, TOOL, start_of};
use crate::requests;

/// How often the user is told that something was left out; the log is told of more.
const LEFT_OUT: usize = 20;
/// Unknown keys of one answer that are told.
const KEYS: usize = 5;
/// Bytes of a line that lets pass, its id apart, with white space between its parts. Longer ones say something more.
const PASSING: usize = 64;
/// What to say to speak version 2.
pub(crate) const SAY_2: &str = "say \"protocol_version\": 2 in its hello";

impl Incoming {
    /// A registration that cannot be read leaves something out that its author counts on.
    pub(super) fn unregistered(&mut self, error: &DecodeError) {
        let DecodeError::Field { kind, source, .. } = error else { return };
        let what = match *kind {
            "register_hook" if self.peer.version() >= 2 => "a hook",
            "register_tool" => "a tool",
            "register_command" => "a command",
            "subscribe" => "a subscription",
            _ => return,
        };
        if self.declared.is_for_wharf() {
            let message = source.to_string();
            let told = start_of(message.as_bytes());
            self.left_out(&format!("{what} is left out: {told}{}", suggestion::of_message(&message)), false);
        }
    }

    /// A frame of version 2 from one that speaks version 1. No extension of zot's has a word for it.
    pub(super) fn newer(&mut self, kind: &'static str) {
        let what = format!("its {kind} is left out: it is of version 2; {SAY_2}");
        let is_news = !self.newer.contains(&kind);
        self.newer.extend(is_news.then_some(kind));
        match is_news {
            true => self.left_out(&what, true),
            false => self.peer.log(&what),
        }
    }

    /// Tells the author that something was left out. Of zot's extensions the user is told only what can be no word of
    /// zot's, `certainly`.
    pub(super) fn left_out(&mut self, what: &str, certainly: bool) {
        let told = self.left_out;
        self.left_out = told.saturating_add(1);
        match (certainly || self.declared.is_for_wharf()) && told < LEFT_OUT {
            true => self.peer.inbound.left_out(what),
            false => self.peer.log(what),
        }
    }

    /// An answer that lets pass, and says something that nobody understands: a guard may think that it has refused.
    pub(super) fn odd_answer(&mut self, answer: &InterceptResponse, line: &[u8]) {
        if self.peer.version() < 2 || line.len() <= PASSING.saturating_add(answer.id.len()) {
            return;
        }
        let (id, reason) = (answer.id.clone(), answer.reason.clone());
        if *answer != (InterceptResponse { id, reason, ..InterceptResponse::default() }) {
            return;
        }
        let unknown = FromExtension::keys(line)
            .into_iter()
            .filter(|key| !InterceptResponse::KEYS.contains(&key.as_str()));
        for key in unknown.take(KEYS) {
            let meant = suggestion::did_you_mean(&key, InterceptResponse::KEYS);
            let key = start_of(key.as_bytes());
            self.left_out(
                &format!(
                    "the key {key:?} of its answer at a hook is left out: there is none of this name{meant}"
                ),
                false,
            );
        }
    }

    /// A reason for nothing is no answer: whoever gives one meant to refuse. Version 1 never minded.
    pub(super) fn contradiction(&self, answer: &InterceptResponse) -> Option<Worth> {
        let has_reason = !(answer.reason.is_empty() || answer.block || answer.ask || answer.handled);
        if self.peer.version() < 2 || !has_reason {
            return None;
        }
        let what = "its answer has a reason, but neither block nor ask nor handled".to_owned();
        let somebody_waited = self.peer.hooks.fail(&answer.id, Fault::Protocol { what });
        Some(if somebody_waited { Worth::Awaited } else { self.unawaited(&answer.id, HOOK) })
    }

    /// An answer that nobody waits for. One without an id ends the call that waits, if there is but one.
    pub(super) fn unawaited(&self, id: &str, kind: &'static str) -> Worth {
        if id.is_empty() && self.fail_only(kind, "it has no id") {
            return Worth::Awaited;
        }
        let id = start_of(id.as_bytes());
        self.peer.log(&format!("skipped {kind}: nobody waits for id {id:?} (unknown, or too late)"));
        Worth::Unasked
    }

    /// An answer that cannot be read ends the call that waits for it.
    pub(super) fn unusable(&self, error: &DecodeError) -> Worth {
        let DecodeError::Field { kind, id, .. } = error else { return Worth::Unasked };
        let told = start_of(error.to_string().as_bytes());
        let Some(id) = id else {
            return if self.fail_only(kind, &told) { Worth::Awaited } else { Worth::Unasked };
        };
        if *kind == "request" && self.peer.version() >= 2 {
            // It would wait for the reply for ever.
            requests::refuse(&self.peer, id.clone(), told);
            return Worth::Unasked;
        }
        let fault = unusable(&told);
        let somebody_waited = match *kind {
            TOOL => self.peer.tools.fail(id, fault),
            COMMAND => self.peer.commands.fail(id, fault),
            HOOK => self.peer.hooks.fail(id, fault),
            _ => false,
        };
        if somebody_waited { Worth::Awaited } else { Worth::Unasked }
    }

    /// Ends the one call that waits for an answer of this kind.
    fn fail_only(&self, kind: &str, why: &str) -> bool {
        match kind {
            TOOL => self.peer.tools.fail_only(unusable(why)),
            COMMAND => self.peer.commands.fail_only(unusable(why)),
            HOOK => self.peer.hooks.fail_only(unusable(why)),
            _ => false,
        }
    }
}

fn unusable(why: &str) -> Fault {
    Fault::Protocol { what: format!("its answer cannot be used: {why}") }
}
