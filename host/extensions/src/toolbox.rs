//! All tools that the model may call: the built-in ones and the extensions'.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use wharf_ports::call::CallContext;
use wharf_ports::tool::{Progress, ResolvedTool, Tool, ToolSource, Toolbox};
use wharf_protocol::json::Json;
use wharf_protocol::tool::{ToolCall, ToolOutput, ToolSpec};

use crate::dispatcher::Dispatcher;
use crate::error::Fault;
use crate::held_tool::HeldTool;
use crate::reporter::Reporter;
use crate::schema::Schema;

/// The tools that are built into the agent, with their schemas.
#[derive(Clone, Default)]
pub struct Builtins(Arc<BTreeMap<String, Builtin>>);

#[derive(Clone)]
struct Builtin {
    tool: Arc<dyn Tool>,
    schema: Arc<Schema>,
}

impl Builtins {
    /// Takes the tools in. Their schemas are compiled when they are first needed.
    #[must_use]
    pub fn new(tools: impl IntoIterator<Item = Arc<dyn Tool>>) -> Self {
        let mut map = BTreeMap::new();
        for tool in tools {
            let spec = tool.spec();
            let schema = Arc::new(Schema::lazily(spec.schema.clone()));
            map.insert(spec.name.clone(), Builtin { tool, schema });
        }
        Self(Arc::new(map))
    }
}

/// Built-in tools first, then the extensions': a built-in name cannot be taken.
pub struct AllTools {
    builtins: Builtins,
    dispatcher: Arc<Dispatcher>,
    reporter: Reporter,
}

impl AllTools {
    /// Puts both together.
    #[must_use]
    pub fn new(builtins: Builtins, dispatcher: Arc<Dispatcher>, reporter: Reporter) -> Self {
        Self { builtins, dispatcher, reporter }
    }
}

impl Toolbox for AllTools {
    fn specs(&self) -> Vec<Arc<ToolSpec>> {
        let registry = self.dispatcher.registry();
        let mut specs: Vec<_> = self.builtins.0.values().map(|builtin| builtin.tool.spec()).collect();
        specs.extend(registry.tools().map(|entry| entry.spec.clone()));
        specs.sort_by(|a, b| a.name.cmp(&b.name));
        specs
    }

    fn resolve(&self, name: &str) -> Option<Box<dyn ResolvedTool>> {
        if let Some(builtin) = self.builtins.0.get(name) {
            return Some(Box::new(builtin.clone()));
        }
        let tool = self.dispatcher.resolve(name)?;
        let (dispatcher, reporter) = (self.dispatcher.clone(), self.reporter.clone());
        Some(Box::new(ExtensionTool { tool, dispatcher, reporter }))
    }
}

#[async_trait]
impl ResolvedTool for Builtin {
    fn spec(&self) -> Arc<ToolSpec> {
        self.tool.spec()
    }

    fn source(&self) -> ToolSource {
        ToolSource::Builtin
    }

    fn check(&self, args: &Json) -> Result<(), String> {
        self.schema.check(args)
    }

    async fn call(&self, call: &ToolCall, progress: &dyn Progress, cx: &CallContext) -> ToolOutput {
        self.tool.call(&call.args, progress, cx).await
    }
}

/// A tool of an extension.
struct ExtensionTool {
    tool: HeldTool,
    dispatcher: Arc<Dispatcher>,
    reporter: Reporter,
}

#[async_trait]
impl ResolvedTool for ExtensionTool {
    fn spec(&self) -> Arc<ToolSpec> {
        self.tool.entry().spec.clone()
    }

    fn source(&self) -> ToolSource {
        ToolSource::Extension(self.tool.entry().owner.id.clone())
    }

    fn check(&self, args: &Json) -> Result<(), String> {
        self.tool.entry().schema.check(args)
    }

    async fn call(&self, call: &ToolCall, progress: &dyn Progress, cx: &CallContext) -> ToolOutput {
        match self.dispatcher.call_tool(&self.tool, call, progress, cx).await {
            Ok(output) => output,
            Err(error) if matches!(error.fault, Fault::Cancelled) => ToolOutput::error("aborted"),
            Err(error) => {
                self.reporter.fault(&error, None);
                ToolOutput::error(format!(
                    "extension {}/{} failed: {}",
                    error.extension, call.name, error.fault
                ))
            }
        }
    }
}
