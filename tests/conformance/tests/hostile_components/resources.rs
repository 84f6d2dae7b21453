//! More than an instance may hold: memory, tables, handles; and results that would fill the host's memory.

use wharf_test_support::wat::{Export, Guest, Memory};

use crate::scenario::{LOG, refused, ruined};

/// Grows its memory until it is refused more, then needs it.
const GROW: &str = "(loop (br_if 0 (i32.ne (i32.const -1) (memory.grow (i32.const 16))))) unreachable";

fn growing(export: Export) -> Vec<u8> {
    Guest::new("bad").on(export, GROW).encode()
}

/// Seven more memories, each grown to a tenth of what one instance may have, and then one more time.
fn growing_everywhere() -> Vec<u8> {
    let memories: String = (1..8).map(|number| format!("(memory $m{number} 0)")).collect();
    let grown: String = (1..8)
        .map(|number| {
            format!(
                "(if (i32.eq (i32.const -1) (memory.grow $m{number} (i32.const 160))) (then unreachable))"
            )
        })
        .collect();
    Guest::new("bad").wat(&memories).on(Export::Tool, format!("(loop {grown} (br 0)) unreachable")).encode()
}

fn huge_from_the_start() -> Vec<u8> {
    Guest::new("bad").wat("(memory $huge 65536)").encode()
}

fn memories(count: usize) -> Vec<u8> {
    Guest::new("bad").wat(&"(memory 0)".repeat(count)).encode()
}

fn growing_a_table() -> Vec<u8> {
    let grow =
        "(if (i32.eq (i32.const -1) (table.grow $t (ref.null func) (i32.const 10000))) (then unreachable))";
    let body = format!("(loop {grow} (br 0)) unreachable");
    Guest::new("bad").wat("(table $t 0 funcref)").on(Export::Tool, body).encode()
}

fn huge_table() -> Vec<u8> {
    Guest::new("bad").wat("(table 9000000 funcref)").encode()
}

/// Opens timers and never lets go of one.
fn hoarding() -> Vec<u8> {
    Guest::new("bad")
        .on(Export::Tool, "(loop (drop (call $timer (i64.const 1))) (br 0)) unreachable")
        .encode()
}

/// 40 texts that all lie in the same 25 MiB: 1 GiB.
fn a_gibibyte() -> Vec<u8> {
    let lay_out = |memory: &mut Memory| {
        let texts: Vec<u32> = (0..41).flat_map(|_| [0, 65536, 25 << 20, 0, 0]).collect();
        let texts = memory.words(&texts);
        memory.words(&[texts, 41, 0])
    };
    let mut memory = Memory::default();
    // The same place as in the guest, whose memory begins alike.
    let answer = lay_out(&mut memory);
    let body = format!("(drop (memory.grow (i32.const 420))) (i32.const {answer})");
    Guest::new("bad").returns(Export::Tool, lay_out).on(Export::Tool, body).encode()
}

/// A panel with as many empty lines as fit into the memory: 7 million, eight bytes each.
fn millions_of_lines() -> Vec<u8> {
    let mut guest = Guest::new("bad");
    let mut answer = 0;
    guest = guest.returns(Export::Command, |memory| {
        answer = memory.words(&[0, 4, 0, 0, 0, 0, 65536, 7_000_000, 0, 0]);
        answer
    });
    guest.on(Export::Command, format!("(drop (memory.grow (i32.const 860))) (i32.const {answer})")).encode()
}

/// Hands an import of the host more than it takes at once: what lies behind the first page, after growing.
fn handing_over(call: &str) -> Vec<u8> {
    let body = format!("(drop (memory.grow (i32.const 900))) {call} unreachable");
    Guest::new("bad").on(Export::Tool, body).encode()
}

/// 50 MiB of zeroes.
const LONG_LINE: &str = "(call $log (i32.const 2) (i32.const 65536) (i32.const 52428800))";
/// A million tools without a name.
const MILLION_TOOLS: &str = "(call $register (i32.const 65536) (i32.const 1000000)
    (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))";

const MEMORY: &str = "it wanted more than 64 MiB of memory";
const TABLES: &str = "it wanted more than 100000 table elements";
const FUEL: &str = "it broke the contract: it gave more than ";

hostile! {
    memory: growing(Export::Tool) => ruined(Export::Tool, MEMORY);
    memory_in_init: growing(Export::Init) => ruined(Export::Init, MEMORY);
    memory_in_a_hook: growing(Export::HookTurnStart) => ruined(Export::HookTurnStart, MEMORY);
    eight_memories: growing_everywhere() => ruined(Export::Tool, MEMORY);
    four_gibibytes: huge_from_the_start() => refused("instantiate", MEMORY, LOG);
    nine_memories: memories(8) => refused("instantiate", "memory count too high at 9", LOG);
    table: growing_a_table() => ruined(Export::Tool, TABLES);
    table_from_the_start: huge_table() => refused("instantiate", TABLES, LOG);
    handles: hoarding() => ruined(Export::Tool, "it holds 1024 handles already");
    long_line: handing_over(LONG_LINE) => ruined(Export::Tool, FUEL);
    tools_without_end: handing_over(MILLION_TOOLS) => ruined(Export::Tool, FUEL);
    empty_lines: millions_of_lines() => ruined(Export::Command, FUEL);
}

/// Nothing of a result that is too large is kept: the program's memory, all tests together, never had room for it.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gibibyte_is_never_in_memory() {
    crate::scenario::run(a_gibibyte(), ruined(Export::Tool, FUEL)).await;
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kib: u64 = peak.trim().trim_end_matches("kB").trim().parse().unwrap();
    assert!(kib < 1 << 20, "the peak was {kib} KiB");
    println!("peak {kib} KiB");
}
