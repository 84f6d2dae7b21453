//! Components that would take for ever to compile, or end the process: refused before anything is compiled, or small
//! enough to be compiled after all.

use std::fmt::Write;

use wharf_test_support::wat::{self, Export, Guest};

use crate::scenario::{refused, ruined};

/// A core module, in a component that is nothing else.
fn holding(module: &str) -> Vec<u8> {
    wat::component(&format!("(component (core module {module}))"))
}

fn large_function() -> Vec<u8> {
    holding(&format!("(func {})", "nop ".repeat(1_050_000)))
}

fn many_functions(count: usize) -> Vec<u8> {
    holding(&"(func)".repeat(count))
}

fn many_locals() -> Vec<u8> {
    let locals = format!("(func (local {}))", "i64 ".repeat(50_000));
    holding(&locals.repeat(21))
}

fn wide_blocks() -> Vec<u8> {
    holding(&format!("(type (func (param {})))", "i64 ".repeat(101)))
}

/// A jump with so many targets, the last one apart from the table, in a tool that then traps.
fn jumping(targets: usize) -> Vec<u8> {
    let body = format!("(block (br_table {} (i32.const 5))) unreachable", "0 ".repeat(targets));
    Guest::new("bad").on(Export::Tool, body).encode()
}

/// Blocks inside each other, in a tool that then traps.
fn blocks(depth: usize) -> Vec<u8> {
    let body = format!("{}{} unreachable", "block ".repeat(depth), "end ".repeat(depth));
    Guest::new("bad").on(Export::Tool, body).encode()
}

/// Components inside each other, as bytes: the text's own parser stops early.
fn components(depth: usize) -> Vec<u8> {
    let empty = COMPONENT.to_vec();
    (1..depth).fold(empty, |inner, _| [COMPONENT, &section(0x04, &inner)].concat())
}

/// Types of instances inside each other, as bytes as well.
fn types(depth: usize) -> Vec<u8> {
    let types = [[1].as_slice(), &[0x42, 1, 1].repeat(depth), &[0x42, 0]].concat();
    [COMPONENT, &section(0x07, &types)].concat()
}

const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

/// A section: what it is, how long it is, and what is in it.
fn section(id: u8, content: &[u8]) -> Vec<u8> {
    let mut section = vec![id];
    let mut length = content.len();
    while length >= 0x80 {
        section.push(u8::try_from(length % 0x80).unwrap() | 0x80);
        length /= 0x80;
    }
    section.push(u8::try_from(length).unwrap());
    section.extend(content);
    section
}

/// Each component makes two instances of the one before: 2 to the power of the count.
fn doubling(count: usize) -> Vec<u8> {
    let mut text = "(component (component $c0 (core module $m) (core instance (instantiate $m)))".to_owned();
    for number in 1..=count {
        let twice = "(instance (instantiate $b)) (instance (instantiate $b))";
        _ = write!(text, "(component $c{number} (alias outer 1 $c{} (component $b)) {twice})", number - 1);
    }
    _ = write!(text, "(instance (instantiate $c{count})))");
    wat::component(&text)
}

fn many_imports() -> Vec<u8> {
    let imports: String = (0..201).map(|number| format!("(import \"f{number}\" (func))")).collect();
    wat::component(&format!("(component {imports})"))
}

fn many_exports() -> Vec<u8> {
    let exports: String = (0..201).map(|number| format!("(export \"i{number}\" (instance 0))")).collect();
    wat::component(&format!("(component (instance) {exports})"))
}

fn much_data() -> Vec<u8> {
    holding(&format!("(memory 1024) (data (i32.const 0) \"{}\")", " ".repeat((32 << 20) + 1)))
}

const SMALLER: &str = "make it smaller, or remove it";

hostile! {
    function: large_function() => refused("compile", "it has a function of 1050002 bytes, 1048576 are", SMALLER);
    functions: many_functions(100_001) => refused("compile", "it has more than 100000 functions", SMALLER);
    locals: many_locals() => refused("compile", "it has more than 1000000 local variables", SMALLER);
    arity: wide_blocks() => refused("compile", "takes and returns more than 100 values", SMALLER);
    jump_table: jumping(65_002) => refused("compile", "it has a jump table with 65001 targets", SMALLER);
    jump_table_at_the_limit: jumping(65_001) => ruined(Export::Tool, "it trapped: unreachable code");
    nested_blocks: blocks(340_000) => refused("compile", "blocks nested too deep", SMALLER);
    blocks_at_the_limit: blocks(4900) => ruined(Export::Tool, "it trapped: unreachable code");
    nested_components: components(6) => refused("compile", "components nested deeper than 4 levels", SMALLER);
    very_nested_components: components(300) => refused("compile", "components nested deeper than 4 levels", SMALLER);
    nested_types: types(80_000) => refused("compile", "its types are nested deeper than 16 levels", SMALLER);
    instances_of_instances: doubling(40) => refused("compile", "it stands for more than 10000 instances", SMALLER);
    imports: many_imports() => refused("compile", "it has more than 200 imports", SMALLER);
    exports: many_exports() => refused("compile", "it has more than 200 exports", SMALLER);
    data: much_data() => refused("compile", "it has more than 33554432 bytes of data", SMALLER);
}
