//! Frames, spoiled: reading them never panics, and what is read means the same when it is written and read again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]

mod mutation;

use mutation::{cases, spoiled};
use proptest::collection::vec;
use proptest::prelude::*;
use serde::Serialize;
use wharf_protocol::codec::{MAX_LINE, encode};
use wharf_protocol::error::DecodeError;
use wharf_protocol::frame::{FromExtension, ToExtension};

const FRAMES: &[&str] = &[
    r#"{"type":"hello","name":"x","version":"1","capabilities":["tools","events"]}"#,
    r#"{"type":"register_command","name":"c","description":"d"}"#,
    r#"{"type":"register_tool","name":"t","description":"d","schema":{"type":"object","properties":{"a":{"type":"string"}}}}"#,
    r#"{"type":"ready"}"#,
    r#"{"type":"subscribe","events":["session_start","turn_end"],"intercept":["tool_call"]}"#,
    r#"{"type":"command_response","id":"1","action":"open_panel","open_panel":{"id":"p","title":"t","lines":["a"],"footer":"f"},"error":""}"#,
    r#"{"type":"tool_result","id":"1","content":[{"type":"text","text":"a\u003cb"},{"type":"image","mime_type":"image/png","data":"AAE="}],"is_error":true}"#,
    r#"{"type":"event_intercept_response","id":"1","block":false,"reason":"r","modified_args":{"a":[1,2.50,1e400]},"replace_text":"t"}"#,
    r#"{"type":"notify","level":"warn","message":"\ud83d\ude00"}"#,
    r#"{"type":"panel_render","panel_id":"p","title":"t","lines":["a","b"],"footer":"f"}"#,
    r#"{"type":"panel_close","panel_id":"p"}"#,
    r#"{"type":"tool_call","id":"1","name":"t","args":{"a":"b"}}"#,
    r#"{"type":"event","event":"turn_start","step":3,"tool_args":[]}"#,
    r#"{"type":"event_intercept","id":"1","event":"tool_call","tool_id":"t","tool_name":"n","tool_args":{}}"#,
];

/// What was read says the same when it is written and read again; what was not read is told in words.
fn check<F: Serialize + PartialEq + std::fmt::Debug>(
    line: &[u8],
    decode: impl Fn(&[u8]) -> Result<F, DecodeError>,
) -> Result<(), TestCaseError> {
    match decode(line) {
        Ok(frame) => {
            let written = encode(&frame).unwrap();
            // Foreign JSON may be written otherwise than it was read, once.
            let again = encode(&decode(&written).unwrap()).unwrap();
            prop_assert_eq!(String::from_utf8(again), String::from_utf8(written));
        }
        Err(error) => {
            let text = error.to_string();
            prop_assert!(!text.is_empty() && text.len() < 10 * line.len() + 200, "{}", text);
        }
    }
    Ok(())
}

fn check_both(line: &[u8]) -> Result<(), TestCaseError> {
    check(line, FromExtension::decode)?;
    check(line, ToExtension::decode)
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn spoiled_frames(line in spoiled(FRAMES)) {
        check_both(&line)?;
    }

    #[test]
    fn any_bytes(line in vec(any::<u8>(), 0..300)) {
        check_both(&line)?;
    }
}

#[test]
fn every_frame_that_is_spoiled_is_one() {
    for frame in FRAMES {
        let line = frame.as_bytes();
        assert!(FromExtension::decode(line).is_ok() || ToExtension::decode(line).is_ok(), "{frame}");
    }
}

/// A reader that calls itself for each level would end the program here.
#[test]
fn nesting_a_mebibyte_deep() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let depth = (1 << 20) / (open.len() + close.len());
        let deep = format!("{}1{}", open.repeat(depth), close.repeat(depth));
        for frame in [
            format!(r#"{{"type":"event_intercept_response","id":"1","modified_args":{deep}}}"#),
            format!(r#"{{"type":"register_tool","name":"t","schema":{deep}}}"#),
            format!(r#"{{"type":"tool_result","id":"1","content":{deep}}}"#),
            format!(r#"{{"type":"command_response","id":"1","open_panel":{deep}}}"#),
            format!(r#"{{"type":"ready","unknown":{deep}}}"#),
            deep.clone(),
            open.repeat(depth),
        ] {
            check_both(frame.as_bytes()).unwrap();
        }
    }
}

#[test]
fn numbers_as_long_as_a_line() {
    let digits = "9".repeat(MAX_LINE - 200);
    for frame in [
        format!(r#"{{"type":"event_intercept_response","id":"1","modified_args":{digits}}}"#),
        format!(r#"{{"type":"tool_result","id":{digits},"content":[]}}"#),
        format!(r#"{{"type":"event","event":"turn_start","step":{digits}}}"#),
        format!(r#"{{"type":"tool_result","id":"1","is_error":1e{digits}}}"#),
    ] {
        check_both(frame.as_bytes()).unwrap();
    }
}
