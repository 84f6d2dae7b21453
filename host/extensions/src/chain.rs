//! The hook chain: interceptors are asked one after the other, in order; the first refusal wins, a rewrite is checked
//! and shown to the next. All of one decision together have [`DECISION`].

use std::sync::Arc;

use futures_util::future::join_all;
use tokio::time::Instant;
use wharf_ports::call::CallContext;
use wharf_ports::hooks::{MessageDecision, Refusal, ToolDecision, TurnDecision};
use wharf_protocol::hook::{HookPoint, MessageVerdict, OnFailure, ToolVerdict, TurnVerdict};
use wharf_protocol::id::ExtensionId;
use wharf_protocol::json::Json;
use wharf_protocol::tool::ToolCall;

use crate::backend::{ExtCall, Instance};
use crate::docked::Docked;
use crate::error::{ExtError, Fault, Stage};
use crate::launcher::START;
use crate::limits::{DECISION, READY_GRACE};
use crate::registry::{Interceptor, Registry};
use crate::reporter::Reporter;

const TOOL_REFUSED: &str = "tool call refused by extension guard";
const TURN_REFUSED: &str = "turn blocked by extension guard";
const MESSAGE_HIDDEN: &str = "message hidden by an extension";

/// Checks arguments against the schema of whoever owns the tool, built in or not.
pub(crate) type ArgsCheck<'a> = &'a (dyn Fn(&ToolCall) -> Result<(), String> + Send + Sync);

/// One decision at one hook.
pub(crate) struct Chain<'a> {
    registry: &'a Registry,
    reporter: &'a Reporter,
    cx: &'a CallContext,
}

impl<'a> Chain<'a> {
    pub(crate) fn new(registry: &'a Registry, reporter: &'a Reporter, cx: &'a CallContext) -> Self {
        Self { registry, reporter, cx }
    }

    /// Starts those who sleep and are to be asked, and waits for them: for a guard until its start has failed, for
    /// others a moment. Then the time of the decision begins.
    async fn gather(&self, point: HookPoint, tool: Option<&str>) -> Instant {
        let sleeping = || {
            let all = self.registry.interceptors(point, tool);
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
                docked.supervisor.up(None, until, &self.cx.cancel)
            });
            // What came of it is seen when each is asked.
            _ = join_all(waits).await;
        }
        Instant::now() + DECISION
    }

    pub(crate) async fn tool_call(&self, call: &ToolCall, fits: ArgsCheck<'_>) -> ToolDecision {
        let point = HookPoint::ToolCall;
        let mut rewritten: Option<ToolCall> = None;
        let latest = self.gather(point, Some(&call.name)).await;
        for interceptor in self.registry.interceptors(point, Some(&call.name)) {
            let current = rewritten.as_ref().unwrap_or(call);
            let verdict = match self.stand(interceptor, point, latest) {
                Ok((docked, cx)) => {
                    let cx = &cx;
                    let question = |it: Arc<dyn Instance>| async move { it.on_tool_call(current, cx).await };
                    docked.ask(Stage::Hook(point), cx, question).await
                }
                Err(error) => Err(error),
            };
            match verdict.and_then(|verdict| checked(verdict, current, interceptor, fits)) {
                Ok(ToolVerdict::Pass) => {}
                Ok(ToolVerdict::Rewrite(args)) => {
                    let call = ToolCall { args, ..current.clone() };
                    self.reporter.rewrote(&interceptor.by, &call);
                    rewritten = Some(call);
                }
                Ok(ToolVerdict::Refuse(reason)) => {
                    return ToolDecision::Refuse(refusal(&interceptor.by, reason, TOOL_REFUSED));
                }
                Err(error) => {
                    if let Some(refusal) = self.failed(interceptor, &error) {
                        return ToolDecision::Refuse(refusal);
                    }
                }
            }
        }
        ToolDecision::Run(rewritten.map(|call| call.args))
    }

    pub(crate) async fn turn_start(&self, step: u32) -> TurnDecision {
        let point = HookPoint::TurnStart;
        let latest = self.gather(point, None).await;
        for interceptor in self.registry.interceptors(point, None) {
            let verdict = match self.stand(interceptor, point, latest) {
                Ok((docked, cx)) => {
                    let cx = &cx;
                    let question = |it: Arc<dyn Instance>| async move { it.on_turn_start(step, cx).await };
                    docked.ask(Stage::Hook(point), cx, question).await
                }
                Err(error) => Err(error),
            };
            match verdict {
                Ok(TurnVerdict::Pass) => {}
                Ok(TurnVerdict::Refuse(reason)) => {
                    return TurnDecision::Refuse(refusal(&interceptor.by, reason, TURN_REFUSED));
                }
                Err(error) => {
                    if let Some(refusal) = self.failed(interceptor, &error) {
                        return TurnDecision::Refuse(refusal);
                    }
                }
            }
        }
        TurnDecision::Go
    }

    pub(crate) async fn assistant_message(&self, text: &str) -> MessageDecision {
        let point = HookPoint::AssistantMessage;
        let mut replaced: Option<String> = None;
        let latest = self.gather(point, None).await;
        for interceptor in self.registry.interceptors(point, None) {
            let current = replaced.as_deref().unwrap_or(text);
            let verdict = match self.stand(interceptor, point, latest) {
                Ok((docked, cx)) => {
                    let cx = &cx;
                    let question =
                        |it: Arc<dyn Instance>| async move { it.on_assistant_message(current, cx).await };
                    docked.ask(Stage::Hook(point), cx, question).await
                }
                Err(error) => Err(error),
            };
            match verdict {
                Ok(MessageVerdict::Pass) => {}
                Ok(MessageVerdict::Replace(text)) => replaced = Some(text),
                Ok(MessageVerdict::Hide(reason)) => {
                    return MessageDecision::Hide(refusal(&interceptor.by, reason, MESSAGE_HIDDEN));
                }
                Err(error) => {
                    if let Some(refusal) = self.failed(interceptor, &error) {
                        return MessageDecision::Hide(refusal);
                    }
                }
            }
        }
        match replaced {
            Some(new) if new != text => MessageDecision::Replace(new),
            _ => MessageDecision::Show,
        }
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

    /// What a failure means: a refusal, or nothing. Both are told; a cancelled run is not worth telling.
    fn failed(&self, interceptor: &Interceptor, error: &ExtError) -> Option<Refusal> {
        let cancelled = matches!(error.fault, Fault::Cancelled);
        let refusal = match interceptor.on_failure {
            OnFailure::Open => None,
            OnFailure::Closed => {
                let reason = format!(
                    "refused because extension \"{}\", which guards this, failed: {}",
                    interceptor.by, error.fault
                );
                Some(Refusal { by: interceptor.by.clone(), reason })
            }
        };
        if !cancelled {
            let consequence = if refusal.is_some() { "refused" } else { "let pass" };
            self.reporter.fault(error, Some(consequence));
        }
        refusal
    }
}

fn refusal(by: &ExtensionId, reason: String, default: &str) -> Refusal {
    let reason = if reason.trim().is_empty() { default.to_owned() } else { reason };
    Refusal { by: by.clone(), reason }
}

/// A rewrite that does not fit the tool is a failure of the interceptor.
fn checked(
    verdict: ToolVerdict,
    call: &ToolCall,
    interceptor: &Interceptor,
    fits: ArgsCheck<'_>,
) -> Result<ToolVerdict, ExtError> {
    let ToolVerdict::Rewrite(args) = verdict else { return Ok(verdict) };
    let rewritten = ToolCall { args, ..call.clone() };
    let result: Result<Json, String> = fits(&rewritten).map(|()| rewritten.args.clone());
    result.map(ToolVerdict::Rewrite).map_err(|problem| {
        let what = format!("it rewrote the arguments of {} so that they do not fit: {problem}", call.name);
        Fault::Protocol { what }.at(&interceptor.by, Stage::Hook(HookPoint::ToolCall))
    })
}
