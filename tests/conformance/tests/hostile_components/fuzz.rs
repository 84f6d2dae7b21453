//! The loader under arbitrary bytes and under components that are well but for a few bytes. Whatever the file, the agent
//! starts, and the extension has docked or failed with an error that names it.

use std::fs;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use wharf_runtime::extensions::State;
use wharf_test_support::Home;
use wharf_test_support::wat::{Export, Guest};

use crate::soaking;

/// Files that are tried at once, in one agent.
const BATCH: usize = 16;

/// A change to a file, at a place that is a part of its length.
#[derive(Debug, Clone)]
enum Change {
    Flip(f64, u8),
    Insert(f64, Vec<u8>),
    Remove(f64, usize),
    Truncate(f64),
}

impl Change {
    fn apply(&self, file: &mut Vec<u8>) {
        match self {
            Self::Flip(part, mask) => {
                let at = place(file, *part);
                if let Some(byte) = file.get_mut(at) {
                    *byte ^= mask;
                }
            }
            Self::Insert(part, bytes) => {
                let at = place(file, *part);
                file.splice(at..at, bytes.iter().copied());
            }
            Self::Remove(part, count) => {
                let at = place(file, *part);
                let end = (at + count).min(file.len());
                file.drain(at..end);
            }
            Self::Truncate(part) => file.truncate(place(file, *part)),
        }
    }
}

fn place(file: &[u8], part: f64) -> usize {
    (part * file.len() as f64) as usize
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        6 => (0.0..1.0, 1_u8..).prop_map(|(part, mask)| Change::Flip(part, mask)),
        2 => (0.0..1.0, vec(any::<u8>(), 1..8)).prop_map(|(part, bytes)| Change::Insert(part, bytes)),
        2 => (0.0..1.0, 1_usize..8).prop_map(|(part, count)| Change::Remove(part, count)),
        1 => (0.0..1.0).prop_map(Change::Truncate),
    ]
}

/// A guest that has everything: all exports, imports of the host and of WASI.
fn whole() -> Vec<u8> {
    let mut guest = Guest::new("bad").returns(Export::Tool, |memory| memory.output("bad answers"));
    guest = guest.on(Export::Event, "(call $log (i32.const 1) (i32.const 0) (i32.const 4))");
    guest = guest.returns(Export::Command, |memory| memory.words(&[0, 0, 0, 0]));
    for hook in [
        Export::HookToolCall,
        Export::HookTurnStart,
        Export::HookAssistantMessage,
        Export::HookPrompt,
        Export::HookToolResult,
        Export::HookCompaction,
    ] {
        guest = guest.returns(hook, |memory| memory.variant(0, ""));
    }
    guest.wat("(func (call $block (call $timer (i64.const 0))))").encode()
}

fn changed() -> impl Strategy<Value = Vec<u8>> {
    let whole = whole();
    vec(change(), 1..4).prop_map(move |changes| {
        let mut file = whole.clone();
        changes.iter().for_each(|change| change.apply(&mut file));
        file
    })
}

/// Anything, mostly behind the beginning of a component.
fn anything() -> impl Strategy<Value = Vec<u8>> {
    (any::<bool>(), vec(any::<u8>(), 0..400)).prop_map(|(begins, bytes)| {
        let begin: &[u8] = if begins { b"\0asm\x0d\0\x01\0" } else { b"" };
        [begin, &bytes].concat()
    })
}

/// Starts an agent with the files as extensions.
async fn load(files: Vec<Vec<u8>>) {
    let home = Home::new();
    for (number, file) in files.iter().enumerate() {
        fs::write(home.extensions().join(format!("fuzz{number}.wasm")), file).unwrap();
    }
    let session = home.session().start().await;
    let listings = session.wharf().extensions();
    assert_eq!(listings.len(), files.len());
    for listing in listings {
        match listing.state {
            State::Running => {}
            State::Failed(error) => {
                assert!(error.starts_with(&format!("extension \"{}\": ", listing.name)), "{error}");
                assert!(error.contains("; "), "no next step: {error}");
            }
            other => panic!("{} is {other:?}", listing.name),
        }
    }
    session.close().await;
}

fn try_files(files: impl Strategy<Value = Vec<u8>>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let cases = if soaking() { 1600 } else { 16 };
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new(config);
    runner
        .run(&vec(files, BATCH), |files| {
            runtime.block_on(load(files));
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn arbitrary_bytes() {
    try_files(anything());
}

#[test]
fn components_with_changes() {
    try_files(changed());
}
