//! What is asked about the call of a tool, and about its result.

use std::sync::Arc;

use wharf_ports::hooks::{Fits, Refusal, ToolDecision};
use wharf_protocol::hook::{HookPoint, ResultVerdict, ToolReport, ToolVerdict};
use wharf_protocol::id::ExtensionId;
use wharf_protocol::tool::{ToolCall, ToolOutput};

use crate::backend::{ExtCall, Instance};
use crate::chain::{Point, Step};
use crate::error::{ExtError, Fault};
use crate::output;
use crate::reporter::Reporter;
use crate::schema::cut;

/// `tool_call`
pub(crate) struct OnToolCall<'a> {
    call: ToolCall,
    rewritten: bool,
    insisted: Option<Refusal>,
    fits: Fits<'a>,
    reporter: &'a Reporter,
}

impl<'a> OnToolCall<'a> {
    pub(crate) fn new(call: &ToolCall, fits: Fits<'a>, reporter: &'a Reporter) -> Self {
        Self { call: call.clone(), rewritten: false, insisted: None, fits, reporter }
    }

    pub(crate) fn decide(self, result: Result<(), Refusal>) -> ToolDecision {
        let args = self.rewritten.then_some(self.call.args);
        match (result, self.insisted) {
            (Err(refusal), _) => ToolDecision::Refuse(refusal),
            (Ok(()), Some(insisted)) => ToolDecision::Ask(args, insisted),
            (Ok(()), None) => ToolDecision::Run(args),
        }
    }
}

impl Point for OnToolCall<'_> {
    const HOOK: HookPoint = HookPoint::ToolCall;
    const REFUSED: &'static str = "tool call refused by extension guard";
    type Verdict = ToolVerdict;

    fn tool(&self) -> Option<&str> {
        Some(&self.call.name)
    }

    async fn ask(&self, instance: Arc<dyn Instance>, cx: &ExtCall) -> Result<ToolVerdict, ExtError> {
        instance.on_tool_call(&self.call, cx).await
    }

    fn take(&mut self, by: &ExtensionId, verdict: ToolVerdict) -> Result<Step, Fault> {
        match verdict {
            ToolVerdict::Pass => {}
            ToolVerdict::Refuse(reason) => return Ok(Step::Refuse(reason)),
            ToolVerdict::Ask(reason) => {
                let reason = if reason.trim().is_empty() { "it wants you to decide".into() } else { reason };
                self.insisted.get_or_insert(Refusal { by: by.clone(), reason });
                return Ok(Step::Asked);
            }
            ToolVerdict::Rewrite(args) => {
                let call = ToolCall { args, ..self.call.clone() };
                (self.fits)(&call.args).map_err(|problem| {
                    let name = &call.name;
                    let problem = cut(&problem);
                    let what =
                        format!("it rewrote the arguments of {name} so that they do not fit: {problem}");
                    Fault::Protocol { what }
                })?;
                self.reporter.rewrote(by, &call);
                self.call = call;
                self.rewritten = true;
                return Ok(Step::Changed);
            }
        }
        Ok(Step::Next)
    }
}

/// `tool_result`
pub(crate) struct OnResult {
    report: ToolReport,
}

impl OnResult {
    pub(crate) fn new(call: &ToolCall, output: ToolOutput) -> Self {
        Self { report: ToolReport { call: call.clone(), output } }
    }

    /// A guard of results that fails keeps the result from the model.
    pub(crate) fn decide(self, result: Result<(), Refusal>) -> ToolOutput {
        match result {
            Ok(()) => self.report.output,
            Err(refusal) => ToolOutput::error(refusal.reason),
        }
    }
}

impl Point for OnResult {
    const HOOK: HookPoint = HookPoint::ToolResult;
    const REFUSED: &'static str = "result withheld by an extension";
    type Verdict = ResultVerdict;

    fn tool(&self) -> Option<&str> {
        Some(&self.report.call.name)
    }

    async fn ask(&self, instance: Arc<dyn Instance>, cx: &ExtCall) -> Result<ResultVerdict, ExtError> {
        instance.on_tool_result(&self.report, cx).await
    }

    fn take(&mut self, _: &ExtensionId, verdict: ResultVerdict) -> Result<Step, Fault> {
        if let ResultVerdict::Replace(output) = verdict {
            self.report.output = output::bounded(output);
            return Ok(Step::Changed);
        }
        Ok(Step::Next)
    }
}
