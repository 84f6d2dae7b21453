//! A structural pass over a component before it is compiled: what kind of file it is, and whether its parts are few and
//! small enough for validating and compiling it to stay bounded. Every limit is well above what an interpreter needs that
//! carries its language: Python (18 MiB) and JavaScript (12 MiB) were counted, and the numbers say so.
//!
//! | module | what |
//! |---|---|
//! | [`body`] | one function's body |
//! | [`level`] | one component or module while it is read, and how many instances it stands for |
//! | [`types`] | how deep types nest, counted without recursion |

mod body;
mod level;
mod types;

use std::ops::Range;

use wasmparser::{DataSectionReader, ElementItems, ElementSectionReader, FunctionBody, Parser, Payload};
use wasmparser::{ImportSectionReader, TypeRef, TypeSectionReader};
use wharf_extensions::error::Fault;

use body::Body;
use level::Levels;

/// Functions of all core modules, imported ones included. Python has 14,583.
const FUNCTIONS: u64 = 100_000;
/// Local variables of all functions: each costs the compiler, and four bytes declare 50,000. JavaScript has 51,905.
const LOCALS: u64 = 1_000_000;
/// Blocks inside blocks, the depth of each function squared, as the compiler's time is: for 5000 of them it takes a tenth
/// of a second. Python has 1,216,434, most of that in a function with 781.
const NESTING: u64 = 25_000_000;
/// What one function takes and returns. Blocks have such types too, and repeat them. Python's widest has 19.
const ARITY: usize = 100;
/// Data of all core modules, in bytes. It also has to fit into the memory of an instance. Python has 11 MiB.
const DATA: u64 = 32 << 20;
/// Elements with which tables are filled. JavaScript has 7747.
const ELEMENTS: u64 = 200_000;
/// What core modules import, export, and have as globals. Python has 7327.
const LINKS: u64 = 100_000;
/// Types of all core modules. Python has 1107.
const CORE_TYPES: u64 = 20_000;
/// Core modules. Python has 14.
const MODULES: u64 = 100;
/// Descriptions of component types, in bytes. Python has 11 KiB.
const TYPES: u64 = 256 << 10;
/// Functions that are lifted from or lowered to core modules; each one is code to be generated. Python has 129.
const CANONICAL: u64 = 4000;

/// What to do about a file that is not whole.
const AGAIN: &str = "copy it again or build it again";

/// # Errors
/// Why the bytes are no component, or which limit the component exceeds.
pub(crate) fn inspect(bytes: &[u8]) -> Result<(), Fault> {
    check_kind(bytes)?;
    let mut census = Census::new(bytes);
    for payload in Parser::new(0).parse_all(bytes) {
        census.take(payload.map_err(|error| malformed(&error))?)?;
    }
    Ok(())
}

fn check_kind(bytes: &[u8]) -> Result<(), Fault> {
    if Parser::is_component(bytes) {
        return Ok(());
    }
    if bytes.starts_with(b"\0asm") && !Parser::is_core_wasm(bytes) {
        let what = "the file is cut off, or of an unknown version of WebAssembly";
        return Err(Fault::invalid_with(what, AGAIN));
    }
    if bytes.trim_ascii_start().starts_with(b"(") {
        let what = "the file is WebAssembly text, not a binary component";
        return Err(Fault::invalid_with(what, "encode it with `wasm-tools parse`"));
    }
    Err(Fault::invalid(if Parser::is_core_wasm(bytes) {
        "the file is a core WebAssembly module, not a component"
    } else if bytes.is_empty() {
        "the file is empty"
    } else {
        "the file is not a WebAssembly component"
    }))
}

fn malformed(error: &wasmparser::BinaryReaderError) -> Fault {
    Fault::invalid_with(
        format!("the file is cut off or damaged at byte {}: {}", error.offset(), error.message()),
        AGAIN,
    )
}

/// What exceeds a limit cannot be mended by building it again as it is.
fn too_much(what: String) -> Fault {
    Fault::invalid_with(what, "make it smaller, or remove it: its limits are in docs/limits.md")
}

/// Something that is counted over the whole file.
struct Tally {
    what: &'static str,
    limit: u64,
    count: u64,
}

impl Tally {
    fn new(what: &'static str, limit: u64) -> Self {
        Self { what, limit, count: 0 }
    }

    fn add(&mut self, more: u64) -> Result<(), Fault> {
        self.count = self.count.saturating_add(more);
        if self.count > self.limit {
            return Err(too_much(format!("it has more than {} {}", self.limit, self.what)));
        }
        Ok(())
    }
}

/// What has been seen so far.
struct Census<'a> {
    bytes: &'a [u8],
    levels: Levels,
    functions: Tally,
    locals: Tally,
    nesting: Tally,
    data: Tally,
    elements: Tally,
    links: Tally,
    core_types: Tally,
    modules: Tally,
    types: Tally,
    canonical: Tally,
}

impl<'a> Census<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            levels: Levels::default(),
            functions: Tally::new("functions", FUNCTIONS),
            locals: Tally::new("local variables", LOCALS),
            nesting: Tally::new("blocks in blocks", NESTING),
            data: Tally::new("bytes of data", DATA),
            elements: Tally::new("table elements", ELEMENTS),
            links: Tally::new("imports, exports and globals of core modules", LINKS),
            core_types: Tally::new("types of core modules", CORE_TYPES),
            modules: Tally::new("core modules", MODULES),
            types: Tally::new("bytes of component types", TYPES),
            canonical: Tally::new("lifted and lowered functions", CANONICAL),
        }
    }

    fn take(&mut self, payload: Payload<'_>) -> Result<(), Fault> {
        match payload {
            Payload::Version { encoding, .. } => self.levels.begin(encoding),
            Payload::End(_) => {
                self.levels.end();
                Ok(())
            }
            Payload::ModuleSection { .. } => self.modules.add(1),
            Payload::TypeSection(section) => self.core_types(section),
            Payload::ImportSection(section) => self.core_imports(section),
            Payload::FunctionSection(section) => self.functions.add(section.count().into()),
            Payload::GlobalSection(section) => self.links.add(section.count().into()),
            Payload::ExportSection(section) => self.links.add(section.count().into()),
            Payload::ElementSection(section) => self.core_elements(section),
            Payload::DataSection(section) => self.core_data(section),
            Payload::CodeSectionEntry(body) => self.body(&body),
            Payload::InstanceSection(section) => self.levels.core_instances(section),
            Payload::ComponentInstanceSection(section) => self.levels.instances(section),
            Payload::ComponentAliasSection(section) => self.levels.aliases(section),
            Payload::ComponentTypeSection(section) => self.component_types(section.range()),
            Payload::ComponentCanonicalSection(section) => self.canonical.add(section.count().into()),
            Payload::ComponentImportSection(section) => self.levels.imports(section),
            Payload::ComponentExportSection(section) => self.levels.exports(section),
            _ => Ok(()),
        }
    }

    fn core_types(&mut self, section: TypeSectionReader<'_>) -> Result<(), Fault> {
        self.core_types.add(section.count().into())?;
        for kind in section.into_iter_err_on_gc_types() {
            let kind = kind.map_err(|error| malformed(&error))?;
            if kind.params().len() + kind.results().len() > ARITY {
                let what = "it has a function or a block that takes and returns more than";
                return Err(too_much(format!("{what} {ARITY} values")));
            }
        }
        Ok(())
    }

    fn core_imports(&mut self, section: ImportSectionReader<'_>) -> Result<(), Fault> {
        for import in section.into_imports() {
            let import = import.map_err(|error| malformed(&error))?;
            self.links.add(1)?;
            if matches!(import.ty, TypeRef::Func(_)) {
                self.functions.add(1)?;
            }
        }
        Ok(())
    }

    fn core_elements(&mut self, section: ElementSectionReader<'_>) -> Result<(), Fault> {
        for element in section {
            let count = match element.map_err(|error| malformed(&error))?.items {
                ElementItems::Functions(items) => items.count(),
                ElementItems::Expressions(_, items) => items.count(),
            };
            self.elements.add(u64::from(count) + 1)?;
        }
        Ok(())
    }

    fn core_data(&mut self, section: DataSectionReader<'_>) -> Result<(), Fault> {
        for data in section {
            let data = data.map_err(|error| malformed(&error))?;
            // One more, so that empty segments count as well.
            self.data.add(data.data.len() as u64 + 1)?;
        }
        Ok(())
    }

    fn body(&mut self, body: &FunctionBody<'_>) -> Result<(), Fault> {
        let body = Body::read(body)?;
        self.locals.add(body.locals)?;
        if self.nesting.add(body.nesting).is_err() {
            return Err(too_much("its functions have blocks nested too deep".to_owned()));
        }
        Ok(())
    }

    fn component_types(&mut self, range: Range<usize>) -> Result<(), Fault> {
        self.types.add(range.len() as u64)?;
        let section = self.bytes.get(range.clone()).unwrap_or_default();
        types::check_nesting(section, range.start)
    }
}
