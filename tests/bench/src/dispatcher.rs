//! What the dispatcher itself costs, with nothing behind it; and what stands around it on the way of a tool call.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use async_trait::async_trait;
use tokio_util::sync::CancellationToken;
use wharf_extensions::backend::{Backend, Docking, ExtCall, Instance, Launch};
use wharf_extensions::discovery::Discovery;
use wharf_extensions::error::ExtError;
use wharf_extensions::extension::{Extension, Origin, Program};
use wharf_extensions::lifecycle::Backends;
use wharf_extensions::limits::Deadlines;
use wharf_extensions::manifest::Manifest;
use wharf_ports::call::CallContext;
use wharf_ports::hooks::{Hooks as _, ToolDecision};
use wharf_protocol::command::{CommandResult, Outcome};
use wharf_protocol::event::Event;
use wharf_protocol::hook::{
    Compaction, CompactionVerdict, MessageVerdict, Prompt, PromptVerdict, ResultVerdict, ToolReport,
    ToolVerdict, TurnVerdict,
};
use wharf_protocol::id::ExtensionId;
use wharf_protocol::json::Json;
use wharf_protocol::registration::Registration;
use wharf_protocol::tool::{ToolCall, ToolOutput, ToolSpec};

use crate::Setting;
use crate::measure::{self, Act, Plan};
use crate::pinned::Pinned;
use crate::rig::{Data, Home, Rig, call};
use crate::subprocess;
use crate::table::{Figure, Row};

/// A tool call on its way through the dispatcher: nobody intercepts, and the tool is empty.
pub async fn unintercepted(_: &Setting) -> Result<Vec<Row>> {
    let home = Home::new()?;
    let backend: Arc<dyn Backend> = Arc::new(Nothing);
    let backends = Backends { subprocess: backend.clone(), component: backend };
    let rig = Rig::with(nothing()?, backends, &home, Data::Withheld).await?;
    let mut act =
        Route { call: call("nothing", "{}")?, cx: CallContext::human(CancellationToken::new()), rig: &rig };
    let way = measure::alone(Plan::CALLS, &mut act).await?;
    let row = Row::plain("a tool call that nobody intercepts: the dispatcher alone", Figure::of(&way));
    Ok(vec![row.aim("≤ 1 µs", way.p50() <= Duration::from_micros(1))])
}

/// One tool call, all the way through the toolbox: to a component and to a subprocess; and the check of its arguments.
pub async fn tool(setting: &Setting) -> Result<Vec<Row>> {
    let cx = CallContext::human(CancellationToken::new());
    let (weather, echo) = (call("weather", r#"{"city":"Berlin"}"#)?, call("echo", "{}")?);
    let plan = Plan { rounds: 20, ..Plan::CALLS };
    // The program first: what a component's threads leave behind is not measured.
    let pinned = Pinned::now();
    let home = Home::new()?;
    home.program("echo", &subprocess::echo(setting)?)?;
    let rig = Rig::start(&home, Data::Withheld).await?;
    let program = measure::alone(plan, &mut Use { call: echo, cx: cx.clone(), rig: &rig }).await?;
    rig.stop().await;
    drop(pinned);
    let home = Home::new()?;
    home.component("weather", &setting.guest("weather.wasm"))?;
    let rig = Rig::start(&home, Data::Withheld).await?;
    let component = measure::alone(plan, &mut Use { call: weather.clone(), cx, rig: &rig }).await?;
    let check = measure::alone(plan, &mut Check { call: weather, rig: &rig }).await?;
    rig.stop().await;
    Ok(vec![
        Row::plain("one call of the component `weather`'s tool", Figure::of(&component)),
        Row::plain("one call of a subprocess's tool", Figure::of(&program)),
        Row::plain("checking the arguments of `weather` against its schema", Figure::of(&check)),
    ])
}

struct Route<'a> {
    call: ToolCall,
    cx: CallContext,
    rig: &'a Rig,
}

impl Act for Route<'_> {
    async fn once(&mut self) -> Result<()> {
        let dispatcher = &self.rig.dispatcher;
        if dispatcher.before_tool(&self.call, &|_| Ok(()), &self.cx).await != ToolDecision::Run(None) {
            bail!("somebody intercepted");
        }
        let tool = dispatcher.resolve(&self.call.name).ok_or_else(|| anyhow!("the tool has no owner"))?;
        dispatcher.call_tool(&tool, &self.call, &(), &self.cx).await?;
        Ok(())
    }
}

struct Use<'a> {
    call: ToolCall,
    cx: CallContext,
    rig: &'a Rig,
}

impl Act for Use<'_> {
    async fn once(&mut self) -> Result<()> {
        let output = self.rig.tool(&self.call)?.call(&self.call, &(), &self.cx).await;
        if output.is_error { Err(anyhow!("the tool failed: {}", output.joined_text())) } else { Ok(()) }
    }
}

struct Check<'a> {
    call: ToolCall,
    rig: &'a Rig,
}

impl Act for Check<'_> {
    async fn once(&mut self) -> Result<()> {
        self.rig.tool(&self.call)?.check(&self.call.args).map_err(anyhow::Error::msg)
    }
}

fn nothing() -> Result<Discovery> {
    let extension = Extension {
        id: ExtensionId::new("nothing")?,
        manifest: Manifest { name: "nothing".to_owned(), ..Manifest::default() },
        program: Program::Subprocess { exec: PathBuf::from("nothing"), args: Vec::new() },
        directory: PathBuf::from("/"),
        place: PathBuf::from("/nothing"),
        origin: Origin::User,
    };
    Ok(Discovery { extensions: vec![extension], ..Discovery::default() })
}

/// A backend with nothing behind it: every answer is there at once.
struct Nothing;

#[async_trait]
impl Backend for Nothing {
    fn deadlines(&self, _: &Extension) -> Deadlines {
        Deadlines::STANDARD
    }

    fn data_directory(&self) -> Option<&'static str> {
        None
    }

    async fn start(&self, _: &Extension, _: Launch) -> Result<Docking, ExtError> {
        let spec = ToolSpec::new("nothing", "", Json::empty_object());
        let registration = Registration::new().tool(spec);
        Ok(Docking { instance: Arc::new(Nothing), registration, deadlines: Deadlines::STANDARD })
    }
}

#[async_trait]
impl Instance for Nothing {
    async fn call_tool(&self, _: &ToolCall, _: &ExtCall) -> Result<ToolOutput, ExtError> {
        Ok(ToolOutput::default())
    }

    async fn run_command(&self, _: &str, _: &str, _: &ExtCall) -> Result<CommandResult, ExtError> {
        Ok(Ok(Outcome::Noop))
    }

    async fn on_tool_call(&self, _: &ToolCall, _: &ExtCall) -> Result<ToolVerdict, ExtError> {
        Ok(ToolVerdict::Pass)
    }

    async fn on_turn_start(&self, _: u32, _: &ExtCall) -> Result<TurnVerdict, ExtError> {
        Ok(TurnVerdict::Pass)
    }

    async fn on_assistant_message(&self, _: &str, _: &ExtCall) -> Result<MessageVerdict, ExtError> {
        Ok(MessageVerdict::Pass)
    }

    async fn on_prompt(&self, _: &Prompt, _: &ExtCall) -> Result<PromptVerdict, ExtError> {
        Ok(PromptVerdict::Pass)
    }

    async fn on_tool_result(&self, _: &ToolReport, _: &ExtCall) -> Result<ResultVerdict, ExtError> {
        Ok(ResultVerdict::Pass)
    }

    async fn on_compaction(&self, _: &Compaction, _: &ExtCall) -> Result<CompactionVerdict, ExtError> {
        Ok(CompactionVerdict::Pass)
    }

    fn deliver(&self, _: &Arc<Event>, _: &ExtCall) {}

    async fn stop(&self) {}
}
