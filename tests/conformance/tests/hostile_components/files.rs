//! Files that are no component, or none for this host.

use wharf_test_support::wat::{self, Export, Guest};

use crate::scenario::refused;

/// A guest that is well, cut off behind a part of it.
fn cut(part: usize, of: usize) -> Vec<u8> {
    let mut whole = Guest::new("bad").on(Export::Tool, "unreachable").encode();
    whole.truncate(whole.len() * part / of);
    whole
}

fn core_module() -> Vec<u8> {
    wat::component("(module (func (export \"run\")))")
}

fn of_another_world() -> Vec<u8> {
    wat::component("(component (instance $i) (export \"acme:editor/plugin@2.0.0\" (instance $i)))")
}

fn importing(name: &str) -> Vec<u8> {
    wat::component(&format!("(component (import \"{name}\" (instance (export \"get\" (func)))))"))
}

/// The name of an interface with so many characters.
fn long_name(length: usize) -> String {
    format!("acme:secret/{}", "a".repeat(length - "acme:secret/".len()))
}

fn exporting(name: &str) -> Vec<u8> {
    wat::component(&format!("(component (instance $i) (export \"{name}\" (instance $i)))"))
}

/// Its functions have the right names, and take and give nothing.
fn of_another_type() -> Vec<u8> {
    wat::component(
        r#"(component
            (core module $m (func (export "f")))
            (core instance $i (instantiate $m))
            (func $f (canon lift (core func $i "f")))
            (instance $l (export "init" (func $f)) (export "shutdown" (func $f)))
            (export "wharf:extension/lifecycle@0.1.0" (instance $l)))"#,
    )
}

const AGAIN: &str = "copy it again or build it again";
const REBUILD: &str = "build bad again for wharf:extension@0.1.0";
const SMALLER: &str = "make it smaller, or remove it";

hostile! {
    text: b"(component)".to_vec() => refused("compile", "the file is WebAssembly text", "encode it");
    prose: b"#!/bin/sh\necho hi\n".to_vec() => refused("compile", "not a WebAssembly component", REBUILD);
    core_module_alone: core_module() => refused("compile", "a core WebAssembly module, not a component", REBUILD);
    empty: Vec::new() => refused("compile", "the file is empty", REBUILD);
    cut_in_the_header: b"\0asm\x0d".to_vec() => refused("compile", "the file is cut off", AGAIN);
    cut_in_the_middle: cut(1, 2) => refused("compile", "the file is cut off or damaged at byte ", AGAIN);
    cut_at_the_end: cut(19, 20) => refused("compile", "the file is cut off or damaged at byte ", AGAIN);
    another_world: of_another_world() => refused(
        "link", "it exports no wharf:extension/lifecycle@0.1.0; it exports acme:editor/plugin@2.0.0", REBUILD
    );
    export_of_nothing: exporting("wharf:extension/lifecycle@0.1.0") => refused(
        "link", "its export wharf:extension/lifecycle@0.1.0 is not the one that this host knows", REBUILD
    );
    export_of_another_type: of_another_type() => refused(
        "link", "its export wharf:extension/lifecycle@0.1.0 is not the one that this host knows", REBUILD
    );
    unknown_import: importing("acme:secret/store@1.0.0") => refused("link", "acme:secret/store@1.0.0", REBUILD);
    long_import: importing(&long_name(129)) => refused(
        "compile", "the name of an import has 129 bytes, 128 are allowed: \"acme:secret/aaaa", SMALLER
    );
    longest_import: importing(&long_name(128)) => refused("link", "acme:secret/aaaa", REBUILD);
    long_export: exporting(&long_name(129)) => refused(
        "compile", "the name of an export has 129 bytes, 128 are allowed", SMALLER
    );
}
