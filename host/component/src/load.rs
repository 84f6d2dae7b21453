//! From bytes to something that can be instantiated.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use wasmtime::Store;
use wasmtime::component::{Component, Instance, InstancePre};
use wharf_extensions::error::{Fault, Stage};

use crate::bindings::exports::wharf::extension as wit;
use crate::engine::Host;
use crate::guest::Guest;
use crate::inspect::inspect;

/// Largest component, in bytes. Interpreters that carry a language with them have 12 to 18 MiB.
const MAX_BYTES: u64 = 64 << 20;
/// How long compiling may take.
const COMPILE: Duration = Duration::from_secs(60);

/// A component that has been compiled and linked.
pub(crate) struct Loaded {
    pre: InstancePre<Guest>,
    indices: Indices,
}

/// Reads, checks, compiles and links a component.
///
/// # Errors
/// The stage and the fault.
pub(crate) async fn load(host: &'static Host, file: &Path) -> Result<Loaded, (Stage, Fault)> {
    let path = file.to_owned();
    let work = host.runtime.spawn_blocking(move || {
        let bytes = read(&path).map_err(|fault| (Stage::Compile, fault))?;
        let component = compile(host, &bytes).map_err(|fault| (Stage::Compile, fault))?;
        link(host, &component).map_err(|fault| (Stage::Link, fault))
    });
    match timeout(COMPILE, work).await {
        Ok(Ok(loaded)) => loaded,
        Ok(Err(error)) => Err((Stage::Compile, Fault::other("the compiler ended", error))),
        Err(_) => Err((Stage::Compile, Fault::TimedOut { limit: COMPILE, while_busy: None })),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Fault> {
    let not_found = |source| Fault::NotFound { path: path.to_owned(), source: Arc::new(source) };
    let data = std::fs::metadata(path).map_err(not_found)?;
    if !data.is_file() {
        // A pipe or a device could be read for ever.
        return Err(Fault::invalid(format!("{} is not a regular file", path.display())));
    }
    if data.len() > MAX_BYTES {
        return Err(Fault::invalid(format!("the file has {} bytes, {MAX_BYTES} are allowed", data.len())));
    }
    std::fs::read(path).map_err(not_found)
}

fn compile(host: &Host, bytes: &[u8]) -> Result<Component, Fault> {
    inspect(bytes)?;
    Component::from_binary(&host.engine, bytes)
        .map_err(|error| Fault::invalid(format!("the component is not valid: {error:#}")))
}

fn link(host: &Host, component: &Component) -> Result<Loaded, Fault> {
    let pre = host
        .linker
        .instantiate_pre(component)
        .map_err(|error| Fault::invalid(format!("an import cannot be satisfied: {error:#}")))?;
    let indices = Indices::of(&pre).map_err(|_| Fault::invalid(wrong_world(host, component)))?;
    Ok(Loaded { pre, indices })
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
    pub(crate) async fn instantiate(&self, store: &mut Store<Guest>) -> wasmtime::Result<Exports> {
        let instance = self.pre.instantiate_async(&mut *store).await?;
        self.indices.load(store, &instance)
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
                    lifecycle: wit::lifecycle::GuestIndices::new(pre)?,
                    $($field: wit::$field::GuestIndices::new(pre).ok(),)*
                })
            }

            fn load(&self, store: &mut Store<Guest>, instance: &Instance) -> wasmtime::Result<Exports> {
                Ok(Exports {
                    lifecycle: self.lifecycle.load(&mut *store, instance)?,
                    $($field: self.$field.as_ref().map(|indices| indices.load(&mut *store, instance)).transpose()?,)*
                })
            }
        }
    };
}

exports!(tools, commands, events, hook_tool_call, hook_turn_start, hook_assistant_message);
