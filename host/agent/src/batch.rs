//! The tool calls of one step, one by one, in order.

use std::time::Duration;

use wharf_ports::approve::{Approval, ApprovalRequest};
use wharf_ports::event::{AgentEvent, EventSink};
use wharf_ports::hooks::ToolDecision;
use wharf_ports::message::ToolResult;
use wharf_ports::tool::{ArgsError, Progress, ResolvedTool};
use wharf_protocol::event::{Event, Stop};
use wharf_protocol::json::Json;
use wharf_protocol::tool::{ToolCall, ToolOutput};

use crate::answer::Request;
use crate::run::{RefusedCall, Run};
use crate::transcript::ABORTED;
use crate::turn::Turn;

/// How long a tool has to end by itself once the run is cancelled. A command needs 3 s of it, until it is killed.
const ABORT_GRACE: Duration = Duration::from_secs(5);

/// A call on its way: interceptors may change it.
struct Settled {
    call: ToolCall,
    rewritten: bool,
    ran: bool,
    output: ToolOutput,
}

impl Run<'_> {
    /// Runs the calls. After an abort, those that did not run keep the result `aborted`.
    pub(crate) async fn batch(&mut self, requests: &[Request]) {
        for (index, request) in requests.iter().enumerate() {
            if self.cx.cancel.is_cancelled() {
                self.finish(index, &request.call, ToolOutput::error(ABORTED), None).await;
                continue;
            }
            let settled = self.settle(request).await;
            let output = self.agent.hooks.after_tool(&settled.call, settled.output, self.cx).await;
            let ran = (settled.rewritten && settled.ran).then_some(settled.call.args);
            self.finish(index, &request.call, output, ran).await;
        }
    }

    /// Answers the calls of a message that did not end in order to have them run.
    pub(crate) async fn answer_unrun(&mut self, turn: &Turn) {
        let why = match turn.stop {
            Stop::Length => "not run: the answer was cut off at the model's output limit".to_owned(),
            other => format!("not run: the answer ended with {:?}", other.as_str()),
        };
        for (index, request) in turn.requests.iter().enumerate() {
            self.finish(index, &request.call, ToolOutput::error(why.clone()), None).await;
        }
    }

    async fn finish(&mut self, index: usize, call: &ToolCall, output: ToolOutput, ran: Option<Json>) {
        let id = call.id.clone();
        let result = ToolResult { call_id: id.clone(), output: output.clone(), ran: ran.clone() };
        self.transcript.set_result(index, result, self.agent.clock.now());
        let event = Event::ToolResult { id: id.clone(), name: call.name.clone(), output: output.clone() };
        self.tell(event, AgentEvent::ToolResult { id, output, ran }).await;
    }

    /// Takes a call all the way: interceptors, schema, approval, the tool. The name is looked up once, so that what was
    /// approved is what runs.
    async fn settle(&mut self, request: &Request) -> Settled {
        let mut settled = Settled {
            call: request.call.clone(),
            rewritten: false,
            ran: false,
            output: ToolOutput::default(),
        };
        let Some(tool) = self.agent.tools.resolve(&request.call.name) else {
            let unknown = ArgsError::UnknownTool(request.call.name.clone());
            settled.output = ToolOutput::error(unknown.to_string());
            return settled;
        };
        match self.admit(request, tool.as_ref(), &mut settled).await {
            Ok(()) => {
                settled.ran = true;
                settled.output = self.call(tool.as_ref(), &settled.call).await;
            }
            Err(reason) => settled.output = ToolOutput::error(reason),
        }
        settled
    }

    /// Decides whether a call may run, and with which arguments; otherwise says why not, for the model.
    async fn admit(
        &mut self,
        request: &Request,
        tool: &dyn ResolvedTool,
        settled: &mut Settled,
    ) -> Result<(), String> {
        let name = &request.call.name;
        if let Some(problem) = &request.malformed {
            return Err(format!("the arguments of {name:?} are not valid JSON: {problem}"));
        }
        let fits = |args: &Json| tool.check(args);
        let decision = self.agent.hooks.before_tool(&request.call, &fits, self.cx).await;
        self.go_on().map_err(|_| ABORTED)?;
        let (args, insisted) = match decision {
            ToolDecision::Run(args) => (args, None),
            ToolDecision::Ask(args, insisted) => (args, Some(insisted)),
            ToolDecision::Refuse(refusal) => return Err(refusal.reason),
        };
        if let Some(args) = args {
            settled.rewritten = args != settled.call.args;
            settled.call.args = args;
        }
        let misfit = |problem| ArgsError::Schema { tool: name.clone(), problem }.to_string();
        tool.check(&settled.call.args).map_err(misfit)?;

        let (spec, source, insisted) = (tool.spec(), tool.source(), insisted.as_ref());
        let question = ApprovalRequest { call: &settled.call, spec: &spec, source: &source, insisted };
        let approval = self.until_cancelled(self.agent.approver.approve(question, self.cx)).await;
        match approval.map_err(|_| ABORTED)? {
            Approval::Yes => self.go_on().map_err(|_| ABORTED.to_owned()),
            Approval::No { reason, by_policy } => {
                if by_policy {
                    let insisted_by = insisted.map(|insisted| insisted.by.clone());
                    self.refused_by_policy.push(RefusedCall { tool: name.clone(), insisted_by });
                }
                Err(reason)
            }
        }
    }

    /// Runs the tool. Once the run is cancelled, the tool has a moment to say what it did.
    async fn call(&self, tool: &dyn ResolvedTool, call: &ToolCall) -> ToolOutput {
        let progress = CallProgress { events: self.agent.events.as_ref(), id: &call.id };
        let running = tool.call(call, &progress, self.cx);
        let given_up = async {
            self.cx.cancel.cancelled().await;
            tokio::time::sleep(ABORT_GRACE).await;
        };
        tokio::select! {
            biased;
            output = running => output,
            () = given_up => ToolOutput::error(ABORTED),
        }
    }
}

/// Shows the output of a call while it runs.
struct CallProgress<'a> {
    events: &'a dyn EventSink,
    id: &'a str,
}

impl Progress for CallProgress<'_> {
    fn output(&self, text: &str) {
        self.events.emit_now(AgentEvent::ToolProgress { id: self.id.to_owned(), text: text.to_owned() });
    }
}
