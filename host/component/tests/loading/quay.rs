//! Where components dock in these tests: a home of their own, the smallest component, a log to look into.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tempfile::TempDir;
use wharf_component::{Compiler, ComponentBackend, InProcess};
use wharf_extensions::backend::{Backend, Docking, Launch};
use wharf_extensions::error::{ExtError, Fault};
use wharf_extensions::extension::{Extension, Origin, Program};
use wharf_extensions::inbound::{HostServices, Inbound, LogSource};
use wharf_extensions::limits::{Bytes, ComponentLimits, Limits};
use wharf_extensions::manifest::Manifest;
use wharf_extensions::permission::Grants;
use wharf_extensions::vault::Vault;
use wharf_protocol::id::ExtensionId;
use wharf_protocol::notice::Level;
use wharf_protocol::registration::{Registration, Start};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// The world of a component that does nothing.
const WORLD: &str = "package test:smallest; world smallest { export wharf:extension/lifecycle@0.1.0; }";

/// The smallest component: it registers nothing. `more` stands in its core module, `init` at the beginning of `init`.
pub fn component(more: &str, init: &str) -> Vec<u8> {
    let text = format!(
        r#"(module
            (memory (export "memory") 1)
            (global $next (mut i32) (i32.const 4096))
            {more}
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
                global.get $next
                global.get $next local.get 3 i32.add i32.const 15 i32.add i32.const -16 i32.and global.set $next)
            (func (export "wharf:extension/lifecycle@0.1.0#init")
                (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
                {init}
                i32.const 1024)
            (func (export "wharf:extension/lifecycle@0.1.0#shutdown")))"#
    );
    let mut module = wat::parse_str(text).unwrap();
    let mut resolve = Resolve::default();
    resolve.push_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit")).unwrap();
    let package = resolve.push_str("smallest.wit", WORLD).unwrap();
    let world = resolve.select_world(&[package], None).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().module(&module).unwrap().validate(true).encode().unwrap()
}

/// Compiles in this process, and counts how often.
#[derive(Default)]
pub struct Counting {
    compiler: InProcess,
    count: AtomicUsize,
}

// SAFETY: it hands on what the compiler in this process made.
#[async_trait]
unsafe impl Compiler for Counting {
    async fn compile(&self, wasm: Arc<[u8]>, limits: &ComponentLimits) -> Result<Vec<u8>, Fault> {
        self.count.fetch_add(1, Ordering::SeqCst);
        self.compiler.compile(wasm, limits).await
    }
}

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

pub struct Quay {
    pub home: TempDir,
    pub limits: Limits,
    compiler: Arc<Counting>,
    log: Arc<Log>,
}

impl Quay {
    pub fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        Self { home, limits: Limits::STANDARD, compiler: Arc::default(), log: Arc::default() }
    }

    /// Starts the component as a process would that has just begun.
    pub async fn start(&self, wasm: &[u8]) -> Result<Docking, ExtError> {
        self.start_with(wasm, self.compiler.clone()).await
    }

    pub async fn start_with(&self, wasm: &[u8], compiler: Arc<dyn Compiler>) -> Result<Docking, ExtError> {
        let file = self.home.path().join("smallest.wasm");
        std::fs::write(&file, wasm).unwrap();
        let id = ExtensionId::new("smallest").unwrap();
        let extension = Extension {
            id: id.clone(),
            manifest: Manifest::default(),
            program: Program::Component { file },
            directory: self.home.path().to_owned(),
            place: self.home.path().to_owned(),
            origin: Origin::User,
        };
        let start = Start {
            host_version: String::new(),
            provider: String::new(),
            model: String::new(),
            cwd: String::new(),
            data_dir: None,
            ..Start::default()
        };
        let inbound = Inbound::new(id, self.log.clone());
        let launch = Launch { start, grants: Arc::new(Grants::none()), data: std::env::temp_dir(), inbound };
        let backend = ComponentBackend::new(&self.limits).compiler(compiler).cache(self.vault());
        backend.start(&extension, launch).await
    }

    pub fn vault(&self) -> Vault {
        Vault::new(self.cache(), self.home.path().join("cache.key"), Bytes::mib(64))
    }

    pub fn cache(&self) -> PathBuf {
        self.home.path().join("cache/v1")
    }

    /// The one entry of the cache.
    pub fn entry(&self) -> PathBuf {
        let mut entries = std::fs::read_dir(self.cache()).unwrap();
        let entry = entries.next().expect("an entry").unwrap().path();
        assert!(entries.next().is_none(), "more than one entry");
        entry
    }

    pub fn compiled(&self) -> usize {
        self.compiler.count.load(Ordering::SeqCst)
    }

    /// What was logged since the last time.
    pub fn log(&self) -> String {
        std::mem::take(&mut *self.log.0.lock().unwrap()).join("\n")
    }
}
