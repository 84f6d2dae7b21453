//! Routes calls, questions and events to extensions. It never interprets them, and knows no backend.

use std::sync::Arc;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use wharf_ports::call::{CallContext, Cause};
use wharf_ports::hooks::{Hooks, MessageDecision, ToolDecision, TurnDecision};
use wharf_protocol::command::CommandResult;
use wharf_protocol::event::Event;
use wharf_protocol::id::ExtensionId;
use wharf_protocol::tool::{ToolCall, ToolOutput};

use crate::backend::ExtCall;
use crate::chain::Chain;
use crate::docked::Docked;
use crate::error::{ExtError, Fault, Stage};
use crate::registry::{Registry, ToolEntry};
use crate::reporter::Reporter;
use crate::{output, schema};

/// Finds the schema of a tool that is built in.
pub type BuiltinSchemas = Arc<dyn Fn(&str) -> Option<Arc<schema::Schema>> + Send + Sync>;

/// The one dispatcher. Shared; every method can be called from any task.
pub struct Dispatcher {
    registry: ArcSwap<Registry>,
    reporter: Reporter,
    builtins: BuiltinSchemas,
}

impl Dispatcher {
    /// A dispatcher without extensions.
    #[must_use]
    pub fn new(reporter: Reporter, builtins: BuiltinSchemas) -> Self {
        Self { registry: ArcSwap::default(), reporter, builtins }
    }

    /// The snapshot of now.
    #[must_use]
    pub fn registry(&self) -> Arc<Registry> {
        self.registry.load_full()
    }

    pub(crate) fn replace(&self, registry: Registry) {
        self.registry.store(Arc::new(registry));
    }

    /// Calls an extension's tool.
    ///
    /// # Errors
    /// A fault of the extension or the host; a tool that says no is an `Ok`.
    pub async fn call_tool(
        &self,
        entry: &ToolEntry,
        call: &ToolCall,
        cx: &CallContext,
    ) -> Result<ToolOutput, ExtError> {
        let docked = &entry.owner;
        let inner = ToolCall { name: entry.inner_name.clone(), ..call.clone() };
        let ext = docked.context(docked.deadlines.tool, None, cx);
        let stage = Stage::Tool(call.name.clone());
        if !docked.supervisor.is_up() {
            self.check_after_start(docked, call, &ext).await?;
        }
        let (inner, ext) = (&inner, &ext);
        docked.ask(stage, ext, |instance| async move { instance.call_tool(inner, ext).await }).await
    }

    /// A tool that a sleeper's manifest declares may turn out not to be there.
    async fn check_after_start(
        &self,
        docked: &Docked,
        call: &ToolCall,
        ext: &ExtCall,
    ) -> Result<(), ExtError> {
        let stage = || Stage::Tool(call.name.clone());
        let started = docked.supervisor.up(None, ext.deadline, &ext.cancel).await;
        started.map_err(|fault| fault.at(&docked.id, stage()))?;
        let owner = self.registry.load().tool(&call.name).map(|entry| entry.owner.id.clone());
        if owner.as_ref() == Some(&docked.id) {
            return Ok(());
        }
        let what = format!("its manifest declares the tool {:?}, but it has not registered it", call.name);
        Err(Fault::Protocol { what }.at(&docked.id, stage()))
    }

    /// Runs a command; `None` when no extension has it.
    pub async fn run_command(
        &self,
        name: &str,
        args: &str,
        cx: &CallContext,
    ) -> Option<(ExtensionId, Result<CommandResult, ExtError>)> {
        let registry = self.registry.load_full();
        let entry = registry.command(name)?;
        let docked = &entry.owner;
        let ext = docked.context(docked.deadlines.command, None, cx);
        let stage = Stage::Command(name.to_owned());
        let (name, ext) = (&entry.inner_name, &ext);
        let result = docked
            .ask(stage, ext, |instance| async move { instance.run_command(name, args, ext).await })
            .await;
        Some((docked.id.clone(), result))
    }

    fn fits(&self, registry: &Registry, call: &ToolCall) -> Result<(), String> {
        let schema = registry.tool(&call.name).map(|entry| entry.schema.clone());
        match schema.or_else(|| (self.builtins)(&call.name)) {
            Some(schema) => schema.check(&call.args),
            None => Ok(()),
        }
    }
}

#[async_trait]
impl Hooks for Dispatcher {
    async fn before_turn(&self, step: u32, cx: &CallContext) -> TurnDecision {
        Chain::new(&self.registry.load_full(), &self.reporter, cx).turn_start(step).await
    }

    async fn before_message(&self, text: &str, cx: &CallContext) -> MessageDecision {
        Chain::new(&self.registry.load_full(), &self.reporter, cx).assistant_message(text).await
    }

    async fn before_tool(&self, call: &ToolCall, cx: &CallContext) -> ToolDecision {
        let registry = self.registry.load_full();
        let fits = |call: &ToolCall| self.fits(&registry, call);
        Chain::new(&registry, &self.reporter, cx).tool_call(call, &fits).await
    }

    async fn after_tool(&self, _call: &ToolCall, output: ToolOutput, _cx: &CallContext) -> ToolOutput {
        output::bounded(output)
    }

    fn publish(&self, event: Event, cause: Cause) {
        let registry = self.registry.load();
        let event = Arc::new(event);
        for docked in registry.subscribers(event.topic()) {
            docked.meter.event();
            docked.supervisor.deliver(&event, &docked.event_context(cause));
        }
    }
}
