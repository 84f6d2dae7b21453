//! Tools that write down how they are called.

use std::sync::Arc;

use async_trait::async_trait;
use wharf_ports::call::CallContext;
use wharf_ports::tool::{Progress, ResolvedTool, ToolSource, Toolbox};
use wharf_protocol::json::Json;
use wharf_protocol::tool::{ToolCall, ToolOutput, ToolSpec};

use super::Log;

/// Has `echo`, whose arguments must hold `text`, and `hang`, which ends only when cancelled.
pub struct FakeTools {
    pub log: Log,
}

impl Toolbox for FakeTools {
    fn specs(&self) -> Vec<Arc<ToolSpec>> {
        ["echo", "hang"].iter().filter_map(|name| self.resolve(name)).map(|tool| tool.spec()).collect()
    }

    fn resolve(&self, name: &str) -> Option<Box<dyn ResolvedTool>> {
        let known = matches!(name, "echo" | "hang");
        let spec = || Arc::new(ToolSpec::new(name, "", Json::empty_object()));
        known.then(|| Box::new(FakeTool { log: self.log.clone(), spec: spec() }) as _)
    }
}

struct FakeTool {
    log: Log,
    spec: Arc<ToolSpec>,
}

#[async_trait]
impl ResolvedTool for FakeTool {
    fn spec(&self) -> Arc<ToolSpec> {
        self.spec.clone()
    }

    fn source(&self) -> ToolSource {
        ToolSource::Builtin
    }

    fn check(&self, args: &Json) -> Result<(), String> {
        self.log.add(format!("check {args}"));
        if args.as_str().contains("bad") { Err("bad is bad".to_owned()) } else { Ok(()) }
    }

    async fn call(&self, call: &ToolCall, progress: &dyn Progress, cx: &CallContext) -> ToolOutput {
        self.log.add(format!("run {} {}", call.name, call.args));
        progress.output("working");
        if call.name == "hang" {
            cx.cancel.cancelled().await;
            return ToolOutput::error("interrupted");
        }
        ToolOutput::text(format!("ran {}", call.args))
    }
}
