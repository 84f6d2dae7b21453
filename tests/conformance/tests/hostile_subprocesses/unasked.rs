//! Each field of each frame that nobody asked for, and of the hello: of a wrong type, missing, huge.

use std::fs;

use serde_json::{Value, json};

use crate::stage::{Play, SEE, Setting};

use crate::fields::changed;

/// Sends every line of `frames`, and lives on.
const TALKER: &str = "cat frames; while question; do show alive; done";

/// Frames that nobody asked for: what cannot be used is logged, and the next one counts.
#[tokio::test]
async fn frames_that_nobody_asked_for() {
    let huge = "y".repeat(1 << 20);
    let bad = [
        ("hello", json!({ "name": 7 })),
        ("register_command", json!({ "name": ["x"] })),
        ("register_command", json!({ "name": "x", "description": 7 })),
        ("register_tool", json!({ "name": {} })),
        ("register_tool", json!({ "name": "x", "description": false })),
        ("subscribe", json!({ "events": "turn_end" })),
        ("subscribe", json!({ "events": [7] })),
        ("subscribe", json!({ "intercept": { "tool_call": true } })),
        ("notify", json!({ "level": 7 })),
        ("notify", json!({ "message": [] })),
        ("panel_render", json!({ "panel_id": 7 })),
        ("panel_render", json!({ "panel_id": "x", "lines": "one" })),
        ("panel_close", json!({ "panel_id": null, "PANEL_ID": 7 })),
    ];
    let long = [
        ("register_command", json!({ "name": "x", "description": huge })),
        ("register_tool", json!({ "name": "x", "schema": { "description": huge } })),
        ("subscribe", json!({ "events": [huge] })),
        ("notify", json!({ "level": huge, "message": huge })),
    ];
    let empty = ["register_command", "register_tool", "subscribe", "notify", "panel_render", "shutdown_ack"];
    let framed = |kind: &str, fields: &Value| {
        let mut frame = fields.clone();
        frame.as_object_mut().unwrap().insert("type".to_owned(), kind.into());
        frame.to_string()
    };
    let mut lines = vec![r#"{"type":"hello","name":"hostile"}"#.to_owned()];
    lines.extend(bad.iter().chain(&long).map(|(kind, fields)| framed(kind, fields)));
    lines.extend(empty.iter().map(|kind| framed(kind, &json!({}))));
    lines.extend(["register_command", "ready"].map(|kind| framed(kind, &json!({ "name": "hostile" }))));
    let setting = Setting::script(TALKER);
    fs::write(setting.directory().join("frames"), lines.join("\n") + "\n").unwrap();
    let mut play: Play = setting.start().await;
    assert_eq!(play.command().await, "alive");
    let log = play.end().await;
    for (kind, fields) in bad {
        assert!(log.contains(&format!("skipped a line: bad {kind} frame: ")), "{kind} {fields}:\n{log}");
    }
    assert_eq!(log.matches("skipped a line: bad ").count(), 13, "{log}");
    assert_eq!(log.matches("bytes, 131072 are allowed").count(), 3, "{log}");
}

#[tokio::test]
async fn hello() {
    for (fields, column, cause) in [
        (json!({ "name": 7 }), 1, "bad hello frame: invalid type: integer `7`, expected a string"),
        (
            json!({ "name": "hostile", "version": [] }),
            0,
            "bad hello frame: invalid type: sequence, expected a string",
        ),
        (
            json!({ "name": "hostile", "capabilities": "all" }),
            5,
            "bad hello frame: invalid type: string \"all\", expected a sequence",
        ),
    ] {
        let line = changed(&fields, "type", Some("hello".into()));
        let setting = Setting::script(TALKER);
        fs::write(setting.directory().join("frames"), format!("{line}\n")).unwrap();
        let mut play = setting.start().await;
        let cause = format!(
            "the first line must be a hello frame: {cause} at line 1 column {column}; its first line was: {line}"
        );
        play.fault("start", &cause, SEE).await;
        play.end().await;
    }
}
