//! Guests from WebAssembly text: a core module of a few lines becomes a component of the project's own world, in the
//! test itself, so that no WebAssembly target is needed and every instruction is chosen.
//!
//! ```
//! use wharf_test_support::wat::{Export, Guest};
//!
//! let component = Guest::new("bad").on(Export::Tool, "unreachable").encode();
//! ```
//!
//! | module | what |
//! |---|---|
//! | [`memory`] | values as the canonical ABI lays them out |
//! | [`world`] | the exports and imports a guest can have, and the world that follows from those it has |

pub mod memory;
pub mod world;

use std::collections::BTreeMap;
use std::fmt::Write;

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};

pub use memory::Memory;
pub use world::Export;

/// A guest that is being put together. It registers something for every export that it has: a tool and a command of its
/// own name, all events, and hooks; the one on tool calls is asked about `bash` alone.
#[derive(Debug, Clone)]
pub struct Guest {
    name: String,
    schema: String,
    memory: Memory,
    bodies: BTreeMap<Export, String>,
    realloc: String,
    more: String,
}

impl Guest {
    /// A guest that does nothing.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            schema: r#"{"type":"object"}"#.to_owned(),
            memory: Memory::default(),
            bodies: BTreeMap::new(),
            realloc: String::new(),
            more: String::new(),
        }
    }

    /// Exports a function with this body. It may call `$log`, `$notify`, `$sleep` and the other imports of [`world`].
    #[must_use]
    pub fn on(mut self, export: Export, body: impl Into<String>) -> Self {
        self.bodies.insert(export, body.into());
        self
    }

    /// Exports a function that returns what was laid out at an address of the memory.
    #[must_use]
    pub fn returns(mut self, export: Export, lay_out: impl FnOnce(&mut Memory) -> u32) -> Self {
        let address = lay_out(&mut self.memory);
        self.on(export, format!("(i32.const {address})"))
    }

    /// What comes first in `cabi_realloc`, which makes room for arguments. `$ready` is 1 once `init` has been called.
    #[must_use]
    pub fn realloc(mut self, body: &str) -> Self {
        body.clone_into(&mut self.realloc);
        self
    }

    /// The schema of the tool.
    #[must_use]
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = schema.into();
        self
    }

    /// Adds fields to the core module.
    #[must_use]
    pub fn wat(mut self, fields: &str) -> Self {
        self.more.push_str(fields);
        self.more.push('\n');
        self
    }

    /// Adds a manifest, as a custom section.
    #[must_use]
    pub fn manifest(self, json: &str) -> Self {
        self.wat(&format!("(@custom \"wharf:manifest\" \"{}\")", escaped(json.as_bytes())))
    }

    /// The component.
    #[must_use]
    pub fn encode(self) -> Vec<u8> {
        let exports: Vec<Export> = self.bodies.keys().copied().collect();
        let text = self.text();
        let mut module = wat::parse_str(&text).unwrap_or_else(|error| panic!("the guest's text: {error}"));
        let (resolve, world) = world::resolve(&exports);
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).expect("the world fits");
        let encoder = ComponentEncoder::default().validate(true).module(&module);
        encoder
            .and_then(|mut encoder| encoder.encode())
            .unwrap_or_else(|error| panic!("the guest: {error:?}"))
    }

    fn text(mut self) -> String {
        let exports: Vec<Export> = self.bodies.keys().copied().collect();
        let registration = self.memory.registration(&self.name, &self.schema, &exports);
        self.bodies.entry(Export::Init).or_insert_with(|| format!("(i32.const {registration})"));
        self.bodies.entry(Export::Shutdown).or_default();
        let mut functions = String::new();
        for (export, body) in &self.bodies {
            let (interface, function, signature) = export.signature();
            let ready = if *export == Export::Init { "(global.set $ready (i32.const 1))" } else { "" };
            let name = format!("wharf:extension/{interface}@0.1.0#{function}");
            _ = writeln!(functions, "(func (export \"{name}\") {signature} {ready} {body})");
        }
        let fields = format!("{functions}{}{}", self.realloc, self.more);
        let imports = world::imports_of(&fields);
        let (data, realloc, more) = (escaped(self.memory.bytes()), &self.realloc, &self.more);
        let (begin, heap, pages) = (Memory::BEGIN, self.memory.end(), self.memory.end().div_ceil(65536) + 1);
        format!(
            "(module
            {imports}
            (memory $memory (export \"memory\") {pages})
            (data (i32.const {begin}) \"{data}\")
            (global $heap (mut i32) (i32.const {heap}))
            (global $ready (mut i32) (i32.const 0))
            {CABI_REALLOC_BEGIN} {realloc} {CABI_REALLOC_END}
            {functions}
            {more})"
        )
    }
}

/// Makes room and never frees it; grows the memory when it has to, and traps when it cannot.
const CABI_REALLOC_BEGIN: &str = "
    (func (export \"cabi_realloc\")
        (param $old i32) (param $size i32) (param $align i32) (param $wanted i32) (result i32)
        (local $at i32)";
const CABI_REALLOC_END: &str = "
        (local.set $at (i32.and
            (i32.add (global.get $heap) (i32.sub (local.get $align) (i32.const 1)))
            (i32.sub (i32.const 0) (local.get $align))))
        (global.set $heap (i32.add (local.get $at) (local.get $wanted)))
        (if (i32.gt_u (global.get $heap) (i32.mul (memory.size) (i32.const 65536))) (then
            (if (i32.eq (i32.const -1) (memory.grow (i32.add (i32.const 1)
                (i32.div_u (local.get $wanted) (i32.const 65536))))) (then unreachable))))
        (local.get $at))";

/// A component from its own text, for what is no guest at all.
#[must_use]
pub fn component(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("the component's text: {error}"))
}

/// Bytes as a string of the text format holds them.
fn escaped(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 3);
    for byte in bytes {
        _ = write!(text, "\\{byte:02x}");
    }
    text
}
