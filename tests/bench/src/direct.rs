//! A component called straight through wasmtime: the physical limit of everything that the host adds.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use tokio::time::timeout_at;
use wasmtime::component::types::{ComponentInstance, ComponentItem};
use wasmtime::component::{Component, HasSelf, InstancePre, Linker, LinkerInstance, ResourceTable, Val};
use wasmtime::{Config, Engine, ResourceLimiter, Store, StoreContextMut, UpdateDeadline};
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

use crate::measure::Act;

mod bindings {
    #![allow(missing_docs, clippy::all, reason = "generated; the WIT files hold the documentation")]
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "extension",
        imports: { default: trappable },
        exports: { default: async },
    });
}

use bindings::exports::wharf::extension::hook_tool_call::ToolVerdict;
use bindings::exports::wharf::extension::lifecycle::InitParams;
use bindings::wharf::extension::{log, types};
use bindings::{Extension, ExtensionPre};

/// How much of the host's containment stands around a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Containment {
    /// The host's engine, and nothing else: no limit is set.
    Engine,
    /// Not even that: the code does not look at the clock.
    None,
    /// The engine, a limiter of memory, and each call's deadline, budget and metering.
    Full,
}

/// Compiled code that can be instantiated.
pub struct Code {
    engine: Engine,
    pre: ExtensionPre<Guest>,
    containment: Containment,
}

impl Code {
    /// Compiles a component.
    pub fn compile(wasm: &Path, containment: Containment) -> Result<Self> {
        let mut config = wharf_component::config();
        config.epoch_interruption(containment != Containment::None);
        let engine = Engine::new(&config).map_err(wrong)?;
        let component = Component::from_file(&engine, wasm).map_err(wrong)?;
        let pre = Self::link(&engine, &component)?;
        if containment == Containment::Full {
            tick(&engine);
        }
        Ok(Self { engine, pre, containment })
    }

    fn link(engine: &Engine, component: &Component) -> Result<ExtensionPre<Guest>> {
        let mut linker = Linker::new(engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker).map_err(wrong)?;
        types::add_to_linker::<_, HasSelf<Guest>>(&mut linker, |guest| guest).map_err(wrong)?;
        log::add_to_linker::<_, HasSelf<Guest>>(&mut linker, |guest| guest).map_err(wrong)?;
        // What is measured calls nothing else of the host.
        for (name, item) in component.component_type().imports(engine) {
            let is_known = ["/types@", "/log@"].iter().any(|known| name.contains(known));
            if let ComponentItem::ComponentInstance(interface) = item.ty
                && name.starts_with("wharf:")
                && !is_known
            {
                refuse(&mut linker.instance(name).map_err(wrong)?, engine, &interface)?;
            }
        }
        let pre: InstancePre<Guest> = linker.instantiate_pre(component).map_err(wrong)?;
        ExtensionPre::new(pre).map_err(wrong)
    }

    /// The code as bytes.
    pub fn serialize(&self) -> Result<Vec<u8>> {
        self.pre.instance_pre().component().serialize().map_err(wrong)
    }

    /// A bare instance in a store of its own, started with a directory of its own or none.
    pub async fn instantiate(&self, data: Option<&Path>) -> Result<Direct> {
        let mut wasi = WasiCtxBuilder::new();
        if let Some(directory) = data {
            wasi.preopened_dir(directory, "/data", FsPerms::ReadWrite).map_err(wrong)?;
        }
        let guest = Guest { wasi: wasi.build(), table: ResourceTable::new(), limiter: Counted::default() };
        let mut store = Store::new(&self.engine, guest);
        if self.containment == Containment::Full {
            store.limiter(|guest| &mut guest.limiter);
            store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Yield(1)));
        }
        store.set_epoch_deadline(u64::MAX / 2);
        let exports = self.pre.instantiate_async(&mut store).await.map_err(wrong)?;
        let params = InitParams {
            host_version: "0".to_owned(),
            provider: "demo".to_owned(),
            model: "demo".to_owned(),
            cwd: "/".to_owned(),
            data_dir: data.map(|_| "/data".to_owned()),
            occasion: bindings::exports::wharf::extension::lifecycle::Occasion::First,
            loss: None,
        };
        let started =
            exports.wharf_extension_lifecycle().call_init(&mut store, &params).await.map_err(wrong)?;
        started.map_err(|why| anyhow!("it refused to start: {why}"))?;
        Ok(Direct { store, exports, call: hook_call(), containment: self.containment })
    }
}

/// Lets every function of an interface fail.
fn refuse(
    linker: &mut LinkerInstance<'_, Guest>,
    engine: &Engine,
    interface: &ComponentInstance,
) -> Result<()> {
    for (name, item) in interface.exports(engine) {
        if let ComponentItem::ComponentFunc(_) = item.ty {
            let refused = |_: StoreContextMut<'_, Guest>, _, _: &[Val], _: &mut [Val]| {
                Err(wasmtime::Error::msg("not in this measurement"))
            };
            linker.func_new(name, refused).map_err(wrong)?;
        }
    }
    Ok(())
}

/// The same call that the host's side is measured with.
fn hook_call() -> types::ToolCall {
    types::ToolCall {
        id: "call_1".to_owned(),
        name: "bash".to_owned(),
        args: super::component::BASH_ARGS.to_owned(),
    }
}

/// wasmtime's errors have a type of their own.
fn wrong(error: wasmtime::Error) -> anyhow::Error {
    anyhow!("wasmtime: {error:#}")
}

/// The clock of an engine, as the host's.
fn tick(engine: &Engine) {
    let engine = engine.weak();
    std::thread::spawn(move || {
        while let Some(engine) = engine.upgrade() {
            std::thread::sleep(Duration::from_millis(1));
            engine.increment_epoch();
        }
    });
}

/// An instance, asked about a tool call each time.
pub struct Direct {
    store: Store<Guest>,
    exports: Extension,
    call: types::ToolCall,
    containment: Containment,
}

impl Direct {
    async fn ask(&mut self) -> Result<()> {
        let cx = types::CallContext { chain: 1, depth: 0, budget_ms: 2000 };
        let hook = self.exports.wharf_extension_hook_tool_call();
        match hook.call_on_tool_call(&mut self.store, &self.call, cx).await.map_err(wrong)? {
            ToolVerdict::Pass => Ok(()),
            ToolVerdict::Rewrite(_) | ToolVerdict::Refuse(_) | ToolVerdict::Ask(_) => {
                Err(anyhow!("it did not let the call pass"))
            }
        }
    }

    /// With everything around it that the host has for the sake of limits and metering: budget, deadline, two clocks.
    async fn ask_contained(&mut self) -> Result<()> {
        self.store.set_hostcall_fuel(256 << 10);
        self.store.set_epoch_deadline(2);
        let metered = Instant::now();
        let deadline = tokio::time::Instant::now() + Duration::from_secs(2);
        let mut used = Duration::ZERO;
        let mut call = Box::pin(self.ask());
        let polled = std::future::poll_fn(|task| {
            let started = Instant::now();
            let polled = catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(task)));
            used += started.elapsed();
            polled.unwrap_or_else(|_| Poll::Ready(Err(anyhow!("the call panicked"))))
        });
        let answer = timeout_at(deadline, polled).await?;
        std::hint::black_box((used, metered.elapsed()));
        answer
    }
}

impl Act for Direct {
    async fn once(&mut self) -> Result<()> {
        match self.containment {
            Containment::Full => self.ask_contained().await,
            Containment::Engine | Containment::None => self.ask().await,
        }
    }
}

/// What a store holds.
struct Guest {
    wasi: WasiCtx,
    table: ResourceTable,
    limiter: Counted,
}

/// Counts memory as the host does.
#[derive(Default)]
struct Counted(usize);

impl ResourceLimiter for Counted {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        self.0 += desired.saturating_sub(current);
        Ok(self.0 <= 64 << 20)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= 100_000)
    }
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl types::Host for Guest {}

impl log::Host for Guest {
    fn write(&mut self, _: log::Level, message: String) -> wasmtime::Result<()> {
        std::hint::black_box(message);
        Ok(())
    }
}

/// Copies of compiled code that are loaded and not run.
pub fn load_again(engine: &Engine, code: &Arc<[u8]>) -> Result<Component> {
    // SAFETY: the bytes come from `serialize` of this very program.
    unsafe { Component::deserialize(engine, code) }.map_err(wrong)
}

/// An engine with the host's settings.
pub fn engine() -> Result<Engine> {
    let config: Config = wharf_component::config();
    Engine::new(&config).map_err(wrong)
}
