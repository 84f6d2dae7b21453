//! From bytes to something that can be instantiated.

use std::fs::{File, Metadata};
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use tokio::time::timeout;
use wasmtime::Store;
use wasmtime::component::{Component, Instance, InstancePre};
use wharf_extensions::error::{Fault, Stage};
use wharf_extensions::inbound::Inbound;
use wharf_extensions::limits::{Bytes, ComponentLimits};
use wharf_extensions::vault::Vault;

use crate::bindings::exports::wharf::extension as wit;
use crate::cache;
use crate::compile::Compiler;
use crate::engine::Host;
use crate::guest::Guest;
use crate::inspect::inspect;

/// A component that has been compiled and linked.
pub(crate) struct Loaded {
    pre: InstancePre<Guest>,
    indices: Indices,
}

/// How components are loaded.
pub(crate) struct Loader {
    pub(crate) limits: ComponentLimits,
    pub(crate) compiler: Arc<dyn Compiler>,
    /// Where compiled code is kept; none: nowhere.
    pub(crate) cache: Option<Arc<Vault>>,
}

/// How far the cache brought it.
enum Progress {
    Loaded(Loaded),
    /// It must be compiled; its code is kept under this name.
    Read(Arc<[u8]>, String),
}

impl Loader {
    /// Reads a component once, and takes its code from the cache, or checks and compiles it; then links it.
    ///
    /// # Errors
    /// The stage and the fault.
    pub(crate) async fn load(
        &self,
        host: &'static Host,
        file: &Path,
        inbound: &Inbound,
    ) -> Result<Loaded, (Stage, Fault)> {
        let (path, most) = (file.to_owned(), self.limits.file);
        let (cache, log) = (self.cache.clone(), inbound.clone());
        let fetched = self.aside(host, move || {
            let wasm = read(&path, most).map_err(|fault| (Stage::Compile, fault))?;
            let name = cache::name(&wasm, &host.version);
            let known = cache.and_then(|vault| cache::fetch(&vault, &host.engine, &name, &log));
            match known {
                Some(component) => Ok(Progress::Loaded(link(host, &component)?)),
                None => {
                    inspect(&wasm).map_err(|fault| (Stage::Compile, fault))?;
                    Ok(Progress::Read(wasm.into(), name))
                }
            }
        });
        let (wasm, name) = match fetched.await? {
            Progress::Loaded(loaded) => return Ok(loaded),
            Progress::Read(wasm, name) => (wasm, name),
        };
        let compiling = inbound.compiling();
        let code =
            self.compiler.compile(wasm, &self.limits).await.map_err(|fault| (Stage::Compile, fault))?;
        let (cache, log) = (self.cache.clone(), inbound.clone());
        let revived = self.aside(host, move || {
            let component = cache::revive(&host.engine, &code).map_err(|error| {
                let what = format!("what the compiler made cannot be used: {error:#}");
                (Stage::Compile, Fault::Died { how: what })
            })?;
            let loaded = link(host, &component);
            if let Some(vault) = cache {
                cache::keep(&vault, &name, &code, &log);
            }
            drop(compiling);
            loaded
        });
        revived.await
    }

    /// Does what may block, away from whoever waits for it, and no longer than compiling may take.
    async fn aside<T: Send + 'static>(
        &self,
        host: &Host,
        work: impl FnOnce() -> Result<T, (Stage, Fault)> + Send + 'static,
    ) -> Result<T, (Stage, Fault)> {
        let limit = self.limits.compile;
        match timeout(limit, host.runtime.spawn_blocking(work)).await {
            Ok(Ok(done)) => done,
            Ok(Err(error)) => Err((Stage::Compile, Fault::other("loading it ended", error))),
            Err(_) => Err((Stage::Compile, Fault::TimedOut { limit, while_busy: None })),
        }
    }
}

/// Reads the file once: what is checked is what is run, whatever becomes of the file.
fn read(path: &Path, most: Bytes) -> Result<Vec<u8>, Fault> {
    let not_found = |source| Fault::NotFound { path: path.to_owned(), source: Arc::new(source) };
    let regular = |data: &Metadata| match data.is_file() {
        true => Ok(()),
        // A pipe or a device could be read for ever.
        false => Err(Fault::invalid(format!("{} is not a regular file", path.display()))),
    };
    let too_large = |bytes: u64| Fault::invalid(format!("the file has {bytes} bytes, {most} are allowed"));
    // Looked at before it is opened: opening a pipe would wait for somebody to write.
    regular(&std::fs::metadata(path).map_err(not_found)?)?;
    let file = File::open(path).map_err(not_found)?;
    let data = file.metadata().map_err(not_found)?;
    regular(&data)?;
    if data.len() > most.wide() {
        return Err(too_large(data.len()));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(data.len()).unwrap_or_default().saturating_add(1));
    file.take(most.wide().saturating_add(1)).read_to_end(&mut bytes).map_err(not_found)?;
    match bytes.len() <= most.count() {
        true => Ok(bytes),
        false => Err(too_large(bytes.len() as u64)),
    }
}

fn link(host: &Host, component: &Component) -> Result<Loaded, (Stage, Fault)> {
    let refuse = |what: String| (Stage::Link, Fault::invalid(what));
    let pre = host
        .linker
        .instantiate_pre(component)
        .map_err(|error| refuse(format!("an import cannot be satisfied: {error:#}")))?;
    if component.get_export_index(None, interface("lifecycle")).is_none() {
        return Err(refuse(wrong_world(host, component)));
    }
    let indices = Indices::of(&pre).map_err(|error| refuse(format!("{error:#}")))?;
    Ok(Loaded { pre, indices })
}

/// The name of an interface of the package.
fn interface(name: &str) -> String {
    format!("wharf:extension/{}@0.1.0", name.replace('_', "-"))
}

/// What is exported must be what this host knows.
fn known<I>(name: &str, found: wasmtime::Result<I>) -> wasmtime::Result<I> {
    found.map_err(|error| {
        error.context(format!("its export {} is not the one that this host knows", interface(name)))
    })
}

/// Says what the component was built for instead.
fn wrong_world(host: &Host, component: &Component) -> String {
    let exports: Vec<String> =
        component.component_type().exports(&host.engine).map(|(name, _)| name.to_owned()).collect();
    let shown = match exports.as_slice() {
        [] => "nothing".to_owned(),
        names => names.join(", "),
    };
    format!(
        "it exports no wharf:extension/lifecycle@0.1.0; it exports {shown}. This host speaks wharf:extension@0.1.0"
    )
}

impl Loaded {
    /// Makes an instance in a store. Guest code runs here already: the store's limits must be set.
    pub(crate) async fn instantiate(&self, store: &mut Store<Guest>) -> wasmtime::Result<Instance> {
        self.pre.instantiate_async(store).await
    }

    /// The exports of an instance.
    pub(crate) fn exports(&self, store: &mut Store<Guest>, of: &Instance) -> wasmtime::Result<Exports> {
        self.indices.load(store, of)
    }
}

macro_rules! exports {
    ($($field:ident),*) => {
        /// Where the exports of a component are; all but `lifecycle` may be missing.
        struct Indices {
            lifecycle: wit::lifecycle::GuestIndices,
            $($field: Option<wit::$field::GuestIndices>,)*
        }

        /// The exports of an instance.
        pub(crate) struct Exports {
            pub(crate) lifecycle: wit::lifecycle::Guest,
            $(pub(crate) $field: Option<wit::$field::Guest>,)*
        }

        impl Indices {
            fn of(pre: &InstancePre<Guest>) -> wasmtime::Result<Self> {
                Ok(Self {
                    lifecycle: known("lifecycle", wit::lifecycle::GuestIndices::new(pre))?,
                    $($field: match pre.component().get_export_index(None, interface(stringify!($field))) {
                        Some(_) => Some(known(stringify!($field), wit::$field::GuestIndices::new(pre))?),
                        None => None,
                    },)*
                })
            }

            fn load(&self, store: &mut Store<Guest>, instance: &Instance) -> wasmtime::Result<Exports> {
                Ok(Exports {
                    lifecycle: known("lifecycle", self.lifecycle.load(&mut *store, instance))?,
                    $($field: match &self.$field {
                        Some(indices) => Some(known(stringify!($field), indices.load(&mut *store, instance))?),
                        None => None,
                    },)*
                })
            }
        }
    };
}

exports!(
    tools,
    commands,
    events,
    hook_tool_call,
    hook_turn_start,
    hook_assistant_message,
    hook_prompt,
    hook_tool_result,
    hook_compaction
);
