//! One engine for the process, made when the first component is loaded: its settings, its clock, and the runtime on
//! which calls go on that could not be answered at once.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::Thread;
use std::time::Duration;

use tokio::runtime::Handle;
use wasmtime::component::Linker;
use wasmtime::{Config, Engine, InstanceAllocationStrategy, OptLevel, WasmBacktraceDetails};

use crate::guest::{Guest, GuestState};
use crate::pool::Pool;
use crate::{bindings, cache};

/// Stack that wasm code may use, in bytes.
const WASM_STACK: usize = 512 << 10;
/// Stack of a call including host code, in bytes.
const CALL_STACK: usize = 2 << 20;
/// One tick of the epoch: how long a guest can keep the thread of whoever called it, at most twice this.
const TICK: Duration = Duration::from_millis(1);
/// The clock stops after this many ticks without a call, so that an idle program sleeps.
const IDLE_TICKS: u32 = 1000;
/// Threads for calls that wait, apart from the program's own runtime.
const WORKERS: usize = 2;
/// Threads for file operations of guests, which cannot be interrupted.
const BLOCKING: usize = 16;

/// The engine, the linker with every import the host offers, the clock, and the runtime for calls that wait.
pub(crate) struct Host {
    pub(crate) engine: Engine,
    pub(crate) linker: Linker<Guest>,
    pub(crate) clock: Clock,
    pub(crate) runtime: Handle,
    /// What all instances hold.
    pub(crate) memory: Arc<Pool>,
    /// Stands for the engine's settings in the names of compiled code.
    pub(crate) version: String,
}

/// The process's host, made at the first use.
///
/// # Errors
/// What kept it from being made; the same each time.
pub(crate) fn host() -> Result<&'static Host, String> {
    static HOST: OnceLock<Result<Host, String>> = OnceLock::new();
    HOST.get_or_init(|| Host::new().map_err(|error| format!("{error:#}"))).as_ref().map_err(Clone::clone)
}

impl Host {
    fn new() -> wasmtime::Result<Self> {
        let engine = engine()?;
        let version = cache::version(&engine);
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
        bindings::Extension::add_to_linker::<_, GuestState>(&mut linker, |guest| guest)?;
        let clock = Clock::start(&engine)?;
        let memory = Arc::new(Pool::of_this_machine());
        Ok(Self { engine, linker, clock, runtime: runtime()?, memory, version })
    }
}

/// A new engine. Only what an engine with the same settings compiled can be run.
pub(crate) fn engine() -> wasmtime::Result<Engine> {
    Engine::new(&config())
}

/// The settings of the engine that runs components; public so that they can be measured.
#[must_use]
pub fn config() -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        // A guest that was dropped while it waited must not go on by itself.
        .concurrency_support(false)
        .gc_support(false)
        .wasm_memory64(false)
        // Also keeps the limiter's callbacks paired.
        .wasm_custom_page_sizes(false)
        .wasm_relaxed_simd(false)
        .epoch_interruption(true)
        .max_wasm_stack(WASM_STACK)
        .async_stack_size(CALL_STACK)
        .allocation_strategy(InstanceAllocationStrategy::OnDemand)
        .cranelift_opt_level(OptLevel::Speed)
        .wasm_backtrace_max_frames(NonZeroUsize::new(32))
        // The default reads an environment variable and would have untrusted debug information parsed.
        .wasm_backtrace_details(WasmBacktraceDetails::Disable);
    config
}

/// A runtime of its own, kept for the life of the process: a guest that loops or a file that hangs never holds up
/// whoever called it.
fn runtime() -> std::io::Result<Handle> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .max_blocking_threads(BLOCKING)
        .thread_name("wharf-ext")
        .enable_all()
        .build()?;
    let handle = runtime.handle().clone();
    // Dropping a runtime inside another one panics; this one ends with the process.
    std::mem::forget(runtime);
    Ok(handle)
}

/// The thread that advances the epoch while calls are made. Without it no guest could be interrupted.
pub(crate) struct Clock {
    state: Arc<ClockState>,
    thread: Thread,
}

#[derive(Default)]
struct ClockState {
    touched: AtomicBool,
    parked: AtomicBool,
}

impl Clock {
    fn start(engine: &Engine) -> std::io::Result<Self> {
        let state = Arc::new(ClockState::default());
        let weak = engine.weak();
        let shared = state.clone();
        let thread = std::thread::Builder::new().name("wharf-epoch".into()).spawn(move || {
            let mut idle = 0;
            while let Some(engine) = weak.upgrade() {
                std::thread::sleep(TICK);
                engine.increment_epoch();
                idle = if shared.touched.swap(false, Ordering::AcqRel) { 0 } else { idle + 1 };
                if idle >= IDLE_TICKS {
                    shared.park();
                    idle = 0;
                }
            }
        })?;
        Ok(Self { state, thread: thread.thread().clone() })
    }

    /// To be called whenever a guest is about to run: the clock goes on for a while.
    pub(crate) fn touch(&self) {
        self.state.touched.store(true, Ordering::SeqCst);
        if self.state.parked.load(Ordering::SeqCst) {
            self.thread.unpark();
        }
    }
}

impl ClockState {
    fn park(&self) {
        self.parked.store(true, Ordering::SeqCst);
        // Whoever touched before `parked` was set did not unpark: look once more, then sleep.
        while !self.touched.load(Ordering::SeqCst) {
            std::thread::park();
        }
        self.parked.store(false, Ordering::SeqCst);
    }
}
