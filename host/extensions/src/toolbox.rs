//! All tools that the model may call: the built-in ones and the extensions'.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use async_trait::async_trait;
use wharf_ports::call::CallContext;
use wharf_ports::tool::{ArgsError, Progress, Tool, ToolSource, Toolbox};
use wharf_protocol::tool::{ToolCall, ToolOutput, ToolSpec};

use crate::dispatcher::{BuiltinSchemas, Dispatcher};
use crate::error::Fault;
use crate::reporter::Reporter;
use crate::schema::Schema;

/// The tools that are built into the agent, with their schemas.
#[derive(Clone, Default)]
pub struct Builtins(Arc<BTreeMap<String, Builtin>>);

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

    /// The schemas, for whoever checks arguments.
    #[must_use]
    pub fn schemas(&self) -> BuiltinSchemas {
        let schemas: HashMap<String, Arc<Schema>> =
            self.0.iter().map(|(name, builtin)| (name.clone(), builtin.schema.clone())).collect();
        Arc::new(move |name| schemas.get(name).cloned())
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

#[async_trait]
impl Toolbox for AllTools {
    fn specs(&self) -> Vec<Arc<ToolSpec>> {
        let registry = self.dispatcher.registry();
        let mut specs: Vec<_> = self.builtins.0.values().map(|builtin| builtin.tool.spec()).collect();
        specs.extend(registry.tools().map(|entry| entry.spec.clone()));
        specs.sort_by(|a, b| a.name.cmp(&b.name));
        specs
    }

    fn find(&self, name: &str) -> Option<(Arc<ToolSpec>, ToolSource)> {
        if let Some(builtin) = self.builtins.0.get(name) {
            return Some((builtin.tool.spec(), ToolSource::Builtin));
        }
        let registry = self.dispatcher.registry();
        let entry = registry.tool(name)?;
        Some((entry.spec.clone(), ToolSource::Extension(entry.owner.id.clone())))
    }

    fn check(&self, call: &ToolCall) -> Result<(), ArgsError> {
        let builtin = self.builtins.0.get(&call.name).map(|builtin| builtin.schema.clone());
        let schema =
            builtin.or_else(|| self.dispatcher.registry().tool(&call.name).map(|entry| entry.schema.clone()));
        let schema = schema.ok_or_else(|| ArgsError::UnknownTool(call.name.clone()))?;
        schema.check(&call.args).map_err(|problem| ArgsError::Schema { tool: call.name.clone(), problem })
    }

    async fn call(&self, call: &ToolCall, progress: &dyn Progress, cx: &CallContext) -> ToolOutput {
        if let Some(builtin) = self.builtins.0.get(&call.name) {
            return builtin.tool.call(&call.args, progress, cx).await;
        }
        let registry = self.dispatcher.registry();
        let Some(entry) = registry.tool(&call.name) else {
            return ToolOutput::error(format!("unknown tool {:?}", call.name));
        };
        match self.dispatcher.call_tool(entry, call, progress, cx).await {
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
