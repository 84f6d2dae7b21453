//! How frames are written, and how much is forgiven when they are read.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;
use wharf_protocol::codec::{MAX_LINE, encode_line};
use wharf_protocol::error::{DecodeError, EncodeError};
use wharf_protocol::frame::{Block, EventFrame, FromExtension, Notify, ToExtension, ToolCallFrame};
use wharf_protocol::json::Json;

const ESCAPED: [char; 5] = ['<', '>', '&', '\u{2028}', '\u{2029}'];

fn any_text() -> impl Strategy<Value = String> {
    let special = prop::sample::select(vec![
        '<', '>', '&', '\u{2028}', '\u{2029}', '"', '\\', '/', '\n', '\r', '\t', '\0', '\u{1f}', '\u{7f}',
        '\u{feff}',
    ]);
    vec(prop_oneof![special, any::<char>()], 0..40).prop_map(String::from_iter)
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any_text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((any_text(), inner), 0..4).prop_map(Value::from_iter),
        ]
    })
}

fn tool_call(args: Json) -> ToExtension {
    ToExtension::ToolCall(ToolCallFrame { id: "000000000001".into(), name: "t".into(), args, context: None })
}

fn encode(frame: &ToExtension) -> String {
    String::from_utf8(encode_line(frame).unwrap()).unwrap()
}

fn decode(line: &str) -> Result<FromExtension, DecodeError> {
    FromExtension::decode(line.as_bytes())
}

proptest! {
    #[test]
    fn any_text_survives_and_is_escaped(text in any_text()) {
        let frame = ToExtension::Event(EventFrame { event: "e".into(), text, ..EventFrame::default() });
        let line = encode(&frame);
        prop_assert!(!line.contains(ESCAPED), "{}", line);
        prop_assert_eq!(line.find('\n'), Some(line.len() - 1));
        prop_assert!(!line.chars().any(|c| c < ' ' && c != '\n'), "{}", line);
        prop_assert_eq!(ToExtension::decode(line.trim_end().as_bytes()).unwrap(), frame);
    }

    #[test]
    fn arguments_are_compacted_and_escaped_but_mean_the_same(args in any_json()) {
        let pretty = Json::new(serde_json::to_string_pretty(&args).unwrap()).unwrap();
        let compact = Json::of(&args).unwrap();
        let line = encode(&tool_call(pretty));
        prop_assert_eq!(&line, &encode(&tool_call(compact)));
        prop_assert!(!line.contains(ESCAPED), "{}", line);
        let ToExtension::ToolCall(read) = ToExtension::decode(line.trim_end().as_bytes()).unwrap() else {
            panic!("{line}");
        };
        if args != Value::Null {
            prop_assert_eq!(read.args.parse::<Value>().unwrap(), args);
        }
    }

    #[test]
    fn no_line_makes_the_reader_panic(bytes in vec(any::<u8>(), 0..200)) {
        let _ = FromExtension::decode(&bytes);
        let _ = ToExtension::decode(&bytes);
    }

    #[test]
    fn nearly_json_does_not_either(text in r#"\{"type":"(notify|tool_result|subscribe)",[\[\]{}":,a-zA-Z0-9\\ ]{0,60}\}?"#) {
        let _ = decode(&text);
    }
}

#[test]
fn arguments_keep_digits_order_and_their_own_escapes() {
    let args = "{ \"z\" : 1.50, \"a\":\t1e400,\n \"big\":123456789012345678901234567890, \"s\":\"a \\u003c \\/ \\\" <b>\" }";
    let line = encode(&tool_call(Json::new(args).unwrap()));
    let expected = concat!(
        r#"{"type":"tool_call","id":"000000000001","name":"t","args":{"z":1.50,"a":1e400,"#,
        r#""big":123456789012345678901234567890,"s":"a \u003c \/ \" \u003cb\u003e"}}"#,
        "\n"
    );
    assert_eq!(line, expected);
}

#[test]
fn a_frame_of_the_limit_passes_and_one_byte_more_does_not() {
    let frame = |length: usize| {
        ToExtension::Event(EventFrame {
            event: "e".into(),
            text: "x".repeat(length),
            ..EventFrame::default()
        })
    };
    let around = encode_line(&frame(1)).unwrap().len() - 1;
    assert_eq!(encode_line(&frame(MAX_LINE - around)).unwrap().len(), MAX_LINE);
    let error = encode_line(&frame(MAX_LINE - around + 1)).unwrap_err();
    assert!(
        matches!(error, EncodeError::TooLong { bytes, limit: MAX_LINE } if bytes == MAX_LINE + 1),
        "{error}"
    );
}

#[test]
fn keys_in_any_case_and_the_last_of_equal_ones() {
    let expected = FromExtension::Notify(Notify { level: "warn".into(), message: "b".into() });
    for line in [
        r#"{"TYPE":"notify","Level":"warn","MESSAGE":"b"}"#,
        r#"{"type":"notify","level":"warn","message":"a","message":"b"}"#,
        r#"{"type":"notify","level":"warn","Message":"a","message":"b"}"#,
        r#"{"type":"hello","type":"notify","level":"warn","message":"b","message":null}"#,
        r#" { "unknown" : [ { } ] , "message":"b","level":"warn","type":"notify","id":null } "#,
    ] {
        assert_eq!(decode(line).unwrap(), expected, "{line}");
    }
}

#[test]
fn objects_within_a_frame_are_read_as_leniently() {
    let line =
        r#"{"type":"tool_result","id":"1","content":[{"TYPE":"text","Text":"x","data":null,"more":1},null]}"#;
    let FromExtension::ToolResult(result) = decode(line).unwrap() else { panic!("{line}") };
    let text = Block { kind: "text".into(), text: "x".into(), ..Block::default() };
    assert_eq!(result.content, [text, Block::default()]);

    let line =
        r#"{"type":"command_response","id":"1","action":"open_panel","open_panel":{"ID":"p","title":null}}"#;
    let FromExtension::CommandResponse(response) = decode(line).unwrap() else { panic!("{line}") };
    assert_eq!(response.open_panel.unwrap().id, "p");
}

#[test]
fn null_is_not_there() {
    let line =
        r#"{"type":"event_intercept_response","id":"1","block":null,"modified_args":null,"reason":null}"#;
    let FromExtension::InterceptResponse(answer) = decode(line).unwrap() else { panic!("{line}") };
    assert_eq!((answer.block, answer.modified_args), (false, None));
    let FromExtension::RegisterTool(tool) =
        decode(r#"{"type":"register_tool","name":"t","schema":null}"#).unwrap()
    else {
        panic!("no tool")
    };
    assert_eq!(tool.schema, None);
}

#[test]
fn characters_that_are_none_are_replaced() {
    let line = b"{\"type\":\"notify\",\"message\":\"a\xffb\\ud83d!\"}";
    let FromExtension::Notify(notify) = FromExtension::decode(line).unwrap() else { panic!("no notify") };
    assert_eq!(notify.message, "a\u{fffd}b\u{fffd}!");
}

#[test]
fn what_is_no_frame_is_named() {
    for line in ["", " ", "x", "[]", "\"type\"", "null", r#"{"type":"ready"} {}"#, r#"{"type":"ready""#] {
        assert!(matches!(decode(line), Err(DecodeError::Malformed(_))), "{line}");
    }
    for line in ["{}", r#"{"type":null}"#, r#"{"type":1}"#] {
        assert!(matches!(decode(line), Err(DecodeError::NoType)), "{line}");
    }
    let error = decode(r#"{"type":"tool_call","id":"1"}"#).unwrap_err();
    assert!(matches!(&error, DecodeError::UnknownType(kind) if kind == "tool_call"), "{error}");
    for line in [
        r#"{"type":"tool_result","id":5,"content":[]}"#,
        r#"{"type":"command_response","id":7}"#,
        r#"{"type":"event_intercept_response","id":true}"#,
        r#"{"type":"register_tool","name":["x"]}"#,
        r#"{"type":"subscribe","events":"turn_end"}"#,
    ] {
        assert!(matches!(decode(line), Err(DecodeError::Field { .. })), "{line}");
    }
}

/// Looking through all earlier keys for each key would take minutes here, not a moment.
#[test]
fn an_object_of_many_keys_is_read_in_a_moment() {
    let keys: String = (0..300_000).map(|n| format!("\"k{n}\":0,")).collect();
    let line = format!("{{{keys}\"type\":\"ready\"}}");
    assert!(line.len() < MAX_LINE);
    assert_eq!(decode(&line).unwrap(), FromExtension::Ready);
}

#[test]
fn blocks_become_what_the_model_sees() {
    let block = |kind: &str, text: &str, data: &str| Block {
        kind: kind.into(),
        text: text.into(),
        mime_type: "image/png".into(),
        data: data.into(),
    };
    let output = Block::into_output(vec![block("text", "", ""), block("odd", "", "")], false, "x");
    assert_eq!(
        (output.joined_text().as_str(), output.is_error),
        ("[unknown block type \"odd\" from extension x]", false)
    );
    let output = Block::into_output(vec![block("image", "", "AAE=")], false, "x");
    assert_eq!(output.content.iter().map(Block::from).collect::<Vec<_>>(), [block("image", "", "AAE=")]);
    let output = Block::into_output(vec![block("image", "", "?")], false, "x");
    assert!(output.is_error && output.joined_text().contains("could not be decoded"), "{output:?}");
    let output = Block::into_output(vec![], true, "x");
    assert_eq!((output.joined_text().as_str(), output.is_error), ("(extension returned no content)", true));
}
