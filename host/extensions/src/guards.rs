//! Who is asked at which hook, and what came of it the last time: what `/guards` shows.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use wharf_protocol::hook::{HookPoint, OnFailure};
use wharf_protocol::id::ExtensionId;
use wharf_protocol::text::harmless_line;

use crate::registry::Registry;

/// Longest reason that is kept, in bytes.
const REASON: usize = 200;

/// Somebody who is asked at a hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guard {
    /// Which extension.
    pub extension: ExtensionId,
    /// Where.
    pub on: HookPoint,
    /// Patterns over tool names; none: all tools, or the hook is about none.
    pub tools: Vec<String>,
    /// What a failure means.
    pub on_failure: OnFailure,
    /// Why it cannot be asked now; none: it can.
    pub missing: Option<String>,
    /// What came of it the last time, and when; none: it has not been asked yet.
    pub last: Option<(Timestamp, Verdict)>,
}

/// What came of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It let pass.
    Passed,
    /// It let pass something else: other arguments, another text, another result.
    Changed,
    /// It had the user asked.
    Asked,
    /// It ended the asking: it has dealt with the prompt.
    Ended,
    /// It refused, for this reason.
    Refused(String),
    /// It failed, for this cause, and its policy counted.
    Failed {
        /// The cause.
        cause: String,
        /// Whether the policy refused.
        refused: bool,
    },
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed => f.write_str("let pass"),
            Self::Changed => f.write_str("changed it"),
            Self::Asked => f.write_str("had the user asked"),
            Self::Ended => f.write_str("dealt with it"),
            Self::Refused(reason) => write!(f, "refused: {reason}"),
            Self::Failed { cause, refused: true } => write!(f, "failed: {cause} → refused"),
            Self::Failed { cause, refused: false } => write!(f, "failed: {cause} → let pass"),
        }
    }
}

impl fmt::Display for Guard {
    /// One line: `guard "x": tool_call (bash), closed: refused: no, 2026-11-25T12:00:00Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let policy = match self.on_failure {
            OnFailure::Open => "open",
            OnFailure::Closed => "closed",
        };
        write!(f, "guard \"{}\": {}", self.extension, self.on)?;
        if !self.tools.is_empty() {
            write!(f, " ({})", self.tools.join(", "))?;
        }
        write!(f, ", {policy}: ")?;
        match &self.last {
            Some((time, verdict)) => write!(f, "{verdict}, {time:.0}")?,
            None => f.write_str("not asked yet")?,
        }
        match &self.missing {
            Some(why) => write!(f, "; it cannot be asked now: {why}"),
            None => Ok(()),
        }
    }
}

/// The last outcomes, by extension and hook.
type ByExtension = HashMap<ExtensionId, HashMap<HookPoint, (Timestamp, Verdict)>>;

/// The last outcomes of one agent.
#[derive(Debug, Default)]
pub(crate) struct Outcomes(Mutex<ByExtension>);

impl Outcomes {
    pub(crate) fn note(&self, by: &ExtensionId, point: HookPoint, verdict: Verdict) {
        let outcome = (Timestamp::now(), verdict);
        let mut all = self.lock();
        match all.get_mut(by) {
            Some(points) => _ = points.insert(point, outcome),
            None => _ = all.insert(by.clone(), [(point, outcome)].into()),
        }
    }

    /// Everybody who is asked somewhere, in the order in which they are.
    pub(crate) fn guards(&self, registry: &Registry) -> Vec<Guard> {
        let all = self.lock();
        let last = |by: &ExtensionId, point| all.get(by).and_then(|points| points.get(&point)).cloned();
        let at = |point| {
            registry.interceptors(point, None).map(move |one| Guard {
                extension: one.by.clone(),
                on: point,
                tools: one.tools.clone(),
                on_failure: one.on_failure,
                missing: one.stand.as_ref().err().map(|fault| shortened(&fault.to_string())),
                last: last(&one.by, point),
            })
        };
        HookPoint::ALL.into_iter().flat_map(at).collect()
    }

    fn lock(&self) -> MutexGuard<'_, ByExtension> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A reason or a cause, as far as it is kept.
pub(crate) fn shortened(text: &str) -> String {
    harmless_line(text, REASON)
}
