//! Starts components: from a file to an instance that has introduced itself.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use wharf_extensions::backend::{Backend, Docking, Launch};
use wharf_extensions::error::{ExtError, Fault, Stage};
use wharf_extensions::extension::{Extension, Program};
use wharf_extensions::inbound::LogSource;
use wharf_extensions::limits::{ComponentLimits, Deadlines, Limits};
use wharf_extensions::vault::Vault;
use wharf_protocol::hook::HookPoint;
use wharf_protocol::notice::Level;
use wharf_protocol::registration::Registration;

use crate::call::{Berth, Live, Metered};
use crate::compile::{Compiler, InProcess};
use crate::convert;
use crate::engine::{self, Host};
use crate::guest::{CurrentCall, Guest};
use crate::instance::Component;
use crate::lane::Lane;
use crate::load::{Exports, Loaded, Loader};
use crate::trap;

/// Starts components. Making one costs nothing; the engine is made when the first component is started.
pub struct ComponentBackend {
    loader: Loader,
    limits: ComponentLimits,
    deadlines: Deadlines,
}

impl ComponentBackend {
    /// Compiles in this process, each time anew.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        let loader =
            Loader { limits: limits.component, compiler: Arc::new(InProcess::default()), cache: None };
        Self { loader, limits: limits.component, deadlines: limits.standard }
    }

    /// Compiles in another way.
    #[must_use]
    pub fn compiler(mut self, compiler: Arc<dyn Compiler>) -> Self {
        self.loader.compiler = compiler;
        self
    }

    /// Keeps compiled code there. It must be a directory that no extension can be given.
    #[must_use]
    pub fn cache(mut self, vault: Vault) -> Self {
        self.loader.cache = Some(Arc::new(vault));
        self
    }
}

#[async_trait]
impl Backend for ComponentBackend {
    fn deadlines(&self, _: &Extension) -> Deadlines {
        self.deadlines
    }

    fn data_directory(&self) -> Option<&'static str> {
        Some("/data")
    }

    async fn start(&self, extension: &Extension, launch: Launch) -> Result<Docking, ExtError> {
        let id = &extension.id;
        let Program::Component { file } = &extension.program else {
            return Err(Fault::invalid("it is not a component").at(id, Stage::Spawn));
        };
        let host = engine::host().map_err(|why| Fault::NotRunning { why }.at(id, Stage::Compile))?;
        let inbound = launch.inbound.clone();
        let loaded =
            self.loader.load(host, file, &inbound).await.map_err(|(stage, fault)| fault.at(id, stage))?;
        let starting = host.runtime.spawn(start(host, loaded, launch, self.limits, self.deadlines.start));
        // Dropping a start leaves nothing running.
        let starting = AbortOnDropHandle::new(starting);
        let (live, registration) = starting
            .await
            .map_err(|error| Fault::other("starting it ended", error).at(id, Stage::Instantiate))?
            .map_err(|(stage, fault)| fault.at(id, stage))?;
        let berth = Arc::new(Berth {
            host,
            limits: self.limits,
            lane: Lane::new(live),
            inbound,
            ending: CancellationToken::new(),
        });
        let instance = Arc::new(Component::new(berth, self.deadlines.event));
        Ok(Docking { instance, registration, deadlines: self.deadlines })
    }
}

/// Makes an instance and lets it introduce itself, within the deadline and the budget of a start.
async fn start(
    host: &'static Host,
    loaded: Loaded,
    launch: Launch,
    limits: ComponentLimits,
    limit: Duration,
) -> Result<(Box<Live>, Registration), (Stage, Fault)> {
    let deadline = Instant::now() + limit;
    let broken = |error: wasmtime::Error| Fault::invalid(format!("{error:#}"));
    let mut store = Guest::store(host, &limits, &launch.grants, launch.inbound.clone())
        .map_err(|error| (Stage::Instantiate, broken(error)))?;
    store.data_mut().call = CurrentCall::until(deadline);
    store.set_hostcall_fuel(limits.init.crossing.count());
    store.set_epoch_deadline(2);
    let params = convert::start(&launch.start);
    let work = async move {
        let instance = match loaded.instantiate(&mut store).await {
            Ok(instance) => instance,
            Err(error) => {
                return Err((Stage::Instantiate, trap::describe(&error, store.data(), limits.init, &limits)));
            }
        };
        let exports = loaded.exports(&mut store, &instance).map_err(|error| (Stage::Link, broken(error)))?;
        let answer = match exports.lifecycle.call_init(&mut store, &params).await {
            Ok(answer) => answer,
            Err(error) => {
                return Err((Stage::Start, trap::describe(&error, store.data(), limits.init, &limits)));
            }
        };
        store.data().output.end_call();
        Ok((Box::new(Live { store, exports }), answer))
    };
    let metered = Metered::new(host, Box::pin(work), limits.init.cpu);
    let (live, answer) = tokio::select! {
        biased;
        ended = metered => match ended {
            Ok(Ok(done)) => done,
            Ok(Err(failed)) => return Err(failed),
            Err(fault) => return Err((Stage::Start, fault)),
        },
        () = sleep_until(deadline) => {
            return Err((Stage::Start, Fault::TimedOut { limit, while_busy: None }));
        }
    };
    let given =
        answer.map_err(|why| (Stage::Start, Fault::invalid(format!("it refused to start: {why}"))))?;
    let (registration, unknown) =
        convert::registration(given).map_err(|why| (Stage::Register, Fault::invalid(why)))?;
    for line in unknown {
        launch.inbound.notify(Level::Warn, &line);
        launch.inbound.log(LogSource::Host, &line);
    }
    check_exports(&registration, &live.exports).map_err(|why| (Stage::Register, Fault::invalid(why)))?;
    Ok((live, registration))
}

/// What is registered must be exported.
fn check_exports(registration: &Registration, exports: &Exports) -> Result<(), String> {
    let missing = |interface: &str| {
        Err(format!("it registers what it cannot do: it exports no wharf:extension/{interface}@0.1.0"))
    };
    if !registration.tools.is_empty() && exports.tools.is_none() {
        return missing("tools");
    }
    if !registration.commands.is_empty() && exports.commands.is_none() {
        return missing("commands");
    }
    if !registration.events.is_empty() && exports.events.is_none() {
        return missing("events");
    }
    for hook in &registration.hooks {
        let there = match hook.on {
            HookPoint::ToolCall => exports.hook_tool_call.is_some(),
            HookPoint::TurnStart => exports.hook_turn_start.is_some(),
            HookPoint::AssistantMessage => exports.hook_assistant_message.is_some(),
            HookPoint::Prompt => exports.hook_prompt.is_some(),
            HookPoint::ToolResult => exports.hook_tool_result.is_some(),
            HookPoint::Compaction => exports.hook_compaction.is_some(),
        };
        if !there {
            return missing(&format!("hook-{}", hook.on.as_str().replace('_', "-")));
        }
    }
    Ok(())
}
