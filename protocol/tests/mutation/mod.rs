//! Valid text, spoiled: what a fuzzer does, in steps that can be shrunk.
#![allow(dead_code, reason = "each test file uses a part of it")]

use proptest::collection::vec;
use proptest::prelude::*;

/// So many cases; `WHARF_SOAK` makes it a hundred times as many.
pub fn cases(few: u32) -> ProptestConfig {
    let times = if std::env::var_os("WHARF_SOAK").is_some() { 100 } else { 1 };
    // A failure is told with its input; nothing is written into the sources.
    ProptestConfig { cases: few * times, failure_persistence: None, ..ProptestConfig::default() }
}

/// One step. Places are shares of the text, so that they fit whatever became of it.
#[derive(Debug, Clone)]
pub enum Step {
    Replace(f64, u8),
    Insert(f64, Vec<u8>),
    Remove(f64, usize),
    /// What is there stands there twice, or more often.
    Repeat(f64, usize, usize),
    Cut(f64),
}

/// What parsers have stumbled over.
fn morsel() -> impl Strategy<Value = Vec<u8>> {
    let tokens = prop::sample::select(vec![
        "null",
        "true",
        "-",
        "-0",
        "1e999999",
        "0.1e-999999",
        "\"",
        "\\",
        "\\u0000",
        "\\ud83d",
        "\\udc00",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\n",
        "\r\n",
        "\u{feff}",
        "\u{2028}",
        "/*",
        "NaN",
        "\"type\":",
        "\"id\":7,",
        "\"type\":\"ready\",",
        "\"ID\":\"x\",",
        "{\"a\":1},",
    ]);
    prop_oneof![
        tokens.prop_map(|token| token.as_bytes().to_vec()),
        vec(any::<u8>(), 1..8),
        (prop::sample::select(vec!["[", "{\"a\":", "9", "\\\\", "\"a\":0,"]), 1..5000_usize)
            .prop_map(|(token, count)| token.repeat(count).into_bytes()),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let at = 0.0..1.0;
    prop_oneof![
        (at.clone(), any::<u8>()).prop_map(|(at, byte)| Step::Replace(at, byte)),
        (at.clone(), morsel()).prop_map(|(at, bytes)| Step::Insert(at, bytes)),
        (at.clone(), 1..20_usize).prop_map(|(at, count)| Step::Remove(at, count)),
        (at.clone(), 1..40_usize, 1..20_usize).prop_map(|(at, count, times)| Step::Repeat(at, count, times)),
        at.prop_map(Step::Cut),
    ]
}

/// One of the texts, spoiled a little or much.
pub fn spoiled(texts: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    (prop::sample::select(texts), vec(step(), 0..6))
        .prop_map(|(text, steps)| steps.into_iter().fold(text.as_bytes().to_vec(), take))
}

fn take(mut text: Vec<u8>, step: Step) -> Vec<u8> {
    let place = |at: f64| ((text.len() as f64 * at) as usize).min(text.len());
    match step {
        Step::Replace(at, byte) => {
            let at = place(at);
            if let Some(there) = text.get_mut(at) {
                *there = byte;
            }
        }
        Step::Insert(at, bytes) => {
            let at = place(at);
            text.splice(at..at, bytes);
        }
        Step::Remove(at, count) => {
            let at = place(at);
            text.drain(at..text.len().min(at + count));
        }
        Step::Repeat(at, count, times) => {
            let at = place(at);
            let piece = text[at..text.len().min(at + count)].repeat(times);
            text.splice(at..at, piece);
        }
        Step::Cut(at) => text.truncate(place(at)),
    }
    text
}
