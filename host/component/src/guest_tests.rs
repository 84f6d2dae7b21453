use std::sync::Mutex;

use wasmtime::component::Component;
use wharf_extensions::error::{ExtError, Fault};
use wharf_extensions::inbound::{HostServices, LogSource};
use wharf_extensions::limits::Bytes;
use wharf_protocol::id::ExtensionId;
use wharf_protocol::notice::Level;
use wharf_protocol::registration::Registration;

use super::*;
use crate::{engine, trap};

#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl HostServices for Log {
    fn compiling(&self, _: &ExtensionId, _: bool) {}

    fn log(&self, _: &ExtensionId, _: LogSource, text: &str) {
        self.0.lock().unwrap().push(text.to_owned());
    }
    fn notify(&self, _: &ExtensionId, _: Level, _: &str) {}
    fn register(&self, _: &ExtensionId, _: Registration) -> Vec<String> {
        Vec::new()
    }
    fn lost(&self, _: ExtError) {}
}

fn store(limits: &ComponentLimits, log: &Arc<Log>) -> Store<Guest> {
    let inbound = Inbound::new(ExtensionId::new("test").unwrap(), log.clone());
    let mut store = Guest::store(engine::host().unwrap(), limits, &Grants::none(), inbound).unwrap();
    store.set_epoch_deadline(1000);
    store
}

/// Instantiates a component, start functions included, and says how that failed.
async fn instantiate(store: &mut Store<Guest>, text: &str, limits: &ComponentLimits) -> Result<(), Fault> {
    let host = engine::host().unwrap();
    let component = Component::from_binary(&host.engine, &wat::parse_str(text).unwrap()).unwrap();
    let made = host.linker.instantiate_async(&mut *store, &component).await;
    made.map(|_| ()).map_err(|error| trap::describe(&error, store.data(), limits.init, limits))
}

#[tokio::test]
async fn memory_of_all_is_counted_while_instances_live() {
    let host = engine::host().unwrap();
    let limits = ComponentLimits { memory_of_all: Bytes::mib(3), ..ComponentLimits::STANDARD };
    let log = Arc::new(Log::default());
    let two_mib =
        "(component (core module $m (memory 32) (table 8 funcref)) (core instance (instantiate $m)))";
    let mut first = store(&limits, &log);
    instantiate(&mut first, two_mib, &limits).await.unwrap();
    assert_eq!(host.memory.held(), (2 << 20) + 64);
    let mut second = store(&limits, &log);
    let fault = instantiate(&mut second, two_mib, &limits).await.unwrap_err();
    assert_eq!(
        fault.to_string(),
        "it trapped: all extensions together hold 2 MiB already, and 3 MiB are all they may hold"
    );
    drop(second);
    assert_eq!(host.memory.held(), (2 << 20) + 64);
    drop(first);
    assert_eq!(host.memory.held(), 0);
}

/// Its start function takes one handle after the other.
const HANDLE_BOMB: &str = r#"(component
    (import "wasi:io/poll@0.2.0" (instance $poll (export "pollable" (type (sub resource)))))
    (alias export $poll "pollable" (type $pollable))
    (import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock
        (alias outer 1 $pollable (type $outer))
        (export "pollable" (type $inner (eq $outer)))
        (export "subscribe-duration" (func (param "when" u64) (result (own $inner))))))
    (core func $subscribe (canon lower (func $clock "subscribe-duration")))
    (core module $m
        (import "" "subscribe" (func $subscribe (param i64) (result i32)))
        (func $start (loop $more (drop (call $subscribe (i64.const 1000000000))) (br $more)))
        (start $start))
    (core instance (instantiate $m (with "" (instance (export "subscribe" (func $subscribe)))))))"#;

#[tokio::test]
async fn too_many_handles_are_named() {
    let limits = ComponentLimits::STANDARD;
    let mut store = store(&limits, &Arc::default());
    let fault = instantiate(&mut store, HANDLE_BOMB, &limits).await.unwrap_err();
    assert_eq!(fault.to_string(), "it trapped: it holds 1024 handles already");
}

#[test]
fn what_a_call_writes_beyond_its_limit_is_dropped_and_counted() {
    let log = Arc::new(Log::default());
    let inbound = Inbound::new(ExtensionId::new("test").unwrap(), log.clone());
    let output = Output::new(inbound, Bytes::kib(1));
    let write = |source, bytes: &[u8]| {
        use wasmtime_wasi::cli::StdoutStream as _;
        output.stream(source).p2_stream().write(bytes.to_vec().into()).unwrap();
    };
    let said = || std::mem::take(&mut *log.0.lock().unwrap());
    write(LogSource::Stdout, b"a line\nthe beginning");
    assert_eq!(said(), ["a line"]);
    output.end_call();
    assert_eq!(said(), ["the beginning"]);
    write(LogSource::Stderr, &[b'x'; 1000]);
    write(LogSource::Stdout, &[b'y'; 1000]);
    output.end_call();
    let lines = said();
    assert_eq!(lines[..2], ["y".repeat(24), "x".repeat(1000)]);
    assert!(lines[2].starts_with("976 bytes of what it wrote"), "{}", lines[2]);
    assert_eq!(lines.len(), 3);
    output.end_call();
    write(LogSource::Stdout, b"the next call\n");
    output.end_call();
    assert_eq!(said(), ["the next call"]);
}
