//! The hook chain: interceptors are asked one after the other, in order; the first refusal wins, a rewrite is checked
//! and shown to the next. All of one decision together have [`DECISION`]. What is asked at which point, and what an
//! answer changes, is in [`points`] and [`tool_points`].

pub(crate) mod points;
pub(crate) mod tool_points;

use std::sync::Arc;

use arc_swap::ArcSwap;
use futures_util::future::join_all;
use tokio::time::Instant;
use wharf_ports::call::CallContext;
use wharf_ports::hooks::Refusal;
use wharf_protocol::hook::{HookPoint, OnFailure};
use wharf_protocol::id::ExtensionId;

use crate::backend::{ExtCall, Instance};
use crate::docked::Docked;
use crate::error::{ExtError, Fault, Stage};
use crate::guards::{Outcomes, Verdict, shortened};
use crate::inbound::LogSource;
use crate::launcher::START;
use crate::limits::{DECISION, READY_GRACE};
use crate::registry::{Interceptor, Registry};
use crate::reporter::Reporter;
use crate::supervisor::Version;

/// A question at one point, and what the answers so far have made of it.
pub(crate) trait Point: Send + Sync {
    /// Which point.
    const HOOK: HookPoint;
    /// What is said when a refusal gives no reason.
    const REFUSED: &'static str;
    type Verdict: Send;

    /// The tool that it is about; none: it is about no tool.
    fn tool(&self) -> Option<&str> {
        None
    }

    /// Puts the question, as it is now.
    fn ask(
        &self,
        instance: Arc<dyn Instance>,
        cx: &ExtCall,
    ) -> impl Future<Output = Result<Self::Verdict, ExtError>> + Send;

    /// Takes an answer in. What the extension may not say is a fault of it.
    fn take(&mut self, by: &ExtensionId, verdict: Self::Verdict) -> Result<Step, Fault>;
}

/// What an answer means for the chain.
pub(crate) enum Step {
    /// The next one is asked.
    Next,
    /// The next one is asked, about something else than this one was.
    Changed,
    /// The next one is asked, and the user in the end.
    Asked,
    /// Nobody else needs to be asked.
    End,
    /// It is refused; without a reason the host's own words count.
    Refuse(String),
}

/// One decision at one hook.
pub(crate) struct Chain<'a> {
    registry: &'a ArcSwap<Registry>,
    reporter: &'a Reporter,
    outcomes: &'a Outcomes,
    cx: &'a CallContext,
}

impl<'a> Chain<'a> {
    pub(crate) fn new(
        registry: &'a ArcSwap<Registry>,
        reporter: &'a Reporter,
        outcomes: &'a Outcomes,
        cx: &'a CallContext,
    ) -> Self {
        Self { registry, reporter, outcomes, cx }
    }

    /// Asks everybody, in order, until somebody refuses.
    pub(crate) async fn run<P: Point>(&self, point: &mut P) -> Result<(), Refusal> {
        let tool = point.tool().map(str::to_owned);
        let tool = tool.as_deref();
        let registry = self.gather(P::HOOK, tool).await;
        let latest = Instant::now() + DECISION;
        for interceptor in registry.interceptors(P::HOOK, tool) {
            let answer = match self.stand(interceptor, P::HOOK, latest) {
                Ok((docked, cx)) => {
                    let (cx, asked) = (&cx, &*point);
                    let question = |it: Arc<dyn Instance>| asked.ask(it, cx);
                    docked.ask(Stage::Hook(P::HOOK), cx, question).await
                }
                Err(error) => Err(error),
            };
            let stage = Stage::Hook(P::HOOK);
            let by = &interceptor.by;
            match answer.and_then(|verdict| point.take(by, verdict).map_err(|fault| fault.at(by, stage))) {
                Ok(Step::Next) => self.outcomes.note(by, P::HOOK, Verdict::Passed),
                Ok(Step::Changed) => self.outcomes.note(by, P::HOOK, Verdict::Changed),
                Ok(Step::Asked) => self.outcomes.note(by, P::HOOK, Verdict::Asked),
                Ok(Step::End) => {
                    self.outcomes.note(by, P::HOOK, Verdict::Ended);
                    return Ok(());
                }
                Ok(Step::Refuse(reason)) => {
                    let refusal = refusal(by, reason, P::REFUSED);
                    self.outcomes.note(by, P::HOOK, Verdict::Refused(shortened(&refusal.reason)));
                    return Err(refusal);
                }
                Err(error) => {
                    if let Some(refusal) = self.failed(interceptor, &error) {
                        return Err(refusal);
                    }
                }
            }
        }
        Ok(())
    }

    /// Starts those who sleep and are to be asked, and waits for them: for a guard until its start has failed, for
    /// others a moment. Then the time of the decision begins. What they are and by when they must answer is known when
    /// they have started: the snapshot is that of then.
    async fn gather(&self, point: HookPoint, tool: Option<&str>) -> Arc<Registry> {
        let registry = self.registry.load_full();
        let sleeping = || {
            let all = registry.interceptors(point, tool);
            all.filter_map(|one| Some((one, one.stand.as_ref().ok()?)))
                .filter(|(_, it)| !it.supervisor.is_up())
        };
        if sleeping().next().is_some() {
            let now = Instant::now();
            let waits = sleeping().map(|(interceptor, docked)| {
                let until = match interceptor.on_failure {
                    OnFailure::Closed => now + START,
                    // A slow start costs a moment once, and not at each decision.
                    OnFailure::Open => docked.supervisor.starting_since().unwrap_or(now) + READY_GRACE,
                };
                docked.supervisor.up(None, Version::Latest, until, &self.cx.cancel)
            });
            // What came of it is seen when each is asked.
            _ = join_all(waits).await;
            return self.registry.load_full();
        }
        registry
    }

    /// Who is asked, and by when; or why it cannot be asked.
    fn stand<'i>(
        &self,
        interceptor: &'i Interceptor,
        point: HookPoint,
        latest: Instant,
    ) -> Result<(&'i Arc<Docked>, ExtCall), ExtError> {
        let stage = Stage::Hook(point);
        let docked = match &interceptor.stand {
            Ok(docked) => docked,
            Err(fault) => return Err(fault.clone().at(&interceptor.by, stage)),
        };
        if latest <= Instant::now() {
            let while_busy = Some("the interceptors before it".to_owned());
            return Err(Fault::TimedOut { limit: DECISION, while_busy }.at(&interceptor.by, stage));
        }
        if interceptor.on_failure == OnFailure::Open && docked.supervisor.starting_since().is_some() {
            return Err(docked.supervisor.delay(READY_GRACE).at(&interceptor.by, stage));
        }
        let cx = docked.context(docked.deadlines.hook(point), Some(latest), self.cx);
        Ok((docked, cx))
    }

    /// What a failure means: a refusal, or nothing. Both are told; of a run that is over, the log alone.
    fn failed(&self, interceptor: &Interceptor, error: &ExtError) -> Option<Refusal> {
        let cancelled = matches!(error.fault, Fault::Cancelled);
        let refusal = match interceptor.on_failure {
            // Nobody has looked at the result, and an abort must not be the way around those who want to.
            _ if cancelled && error.stage == Stage::Hook(HookPoint::ToolResult) => {
                let reason = "aborted before its guards had looked at the result".to_owned();
                Some(Refusal { by: interceptor.by.clone(), reason })
            }
            OnFailure::Open => None,
            OnFailure::Closed => {
                let reason = format!(
                    "refused because extension \"{}\", which guards this, failed: {}",
                    interceptor.by, error.fault
                );
                Some(Refusal { by: interceptor.by.clone(), reason })
            }
        };
        if cancelled {
            // Whoever cancelled knows, and nothing that was guarded happens any more.
            self.reporter.log(&error.extension, LogSource::Host, &error.of_guard("the run is over"));
        } else {
            let cause = shortened(&error.fault.to_string());
            let verdict = Verdict::Failed { cause, refused: refusal.is_some() };
            if let Stage::Hook(point) = error.stage {
                self.outcomes.note(&interceptor.by, point, verdict);
            }
            let consequence = if refusal.is_some() { "refused" } else { "let pass" };
            self.reporter.problem(Some(&error.extension), error.of_guard(consequence));
        }
        refusal
    }
}

fn refusal(by: &ExtensionId, reason: String, default: &str) -> Refusal {
    let reason = if reason.trim().is_empty() { default.to_owned() } else { reason };
    Refusal { by: by.clone(), reason }
}
