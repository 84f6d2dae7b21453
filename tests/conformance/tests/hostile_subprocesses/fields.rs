//! Each field of each frame: missing, of a wrong type, huge. What can be used is used, what cannot is told at once,
//! and only an answer that says to nobody what it answers is waited for until the deadline.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use wharf_runtime::extensions::limits::Limits;
use wharf_runtime::ports::event::AgentEvent;
use wharf_test_support::script;

use crate::stage::{Play, SEE, Setting, is_fault};

/// Answers every question with the line in `answer`, in which ID stands for the question's.
const PARROT: &str = "greet; say '{\"type\":\"subscribe\",\"intercept\":[\"assistant_message\"]}'
    ready; while question; do sed \"s/ID/$id/\" answer; done";
/// The same without hooks, so that every question is a tool call.
const TOOL_PARROT: &str = "greet; ready; while question; do sed \"s/ID/$id/\" answer; done";
/// Sends every line of `frames`, and lives on.
const TALKER: &str = "cat frames; while question; do show alive; done";

/// What becomes of an answer.
enum Becomes {
    /// This text.
    Text(&'static str),
    /// A fault: the answer cannot be used.
    Unusable(&'static str),
    /// Nobody knows to which question it belongs.
    Nothing,
}
use Becomes::{Nothing, Text, Unusable};

const WAIT: Duration = Duration::from_millis(250);
const NO_ANSWER: &str = "timed out after 250 ms";

/// A field, its value or that it is missing, and what becomes of the answer.
type Row = (&'static str, Option<Value>, Becomes);
/// Rows, and the deadlines that count for them.
type Part = (Vec<Row>, fn(&mut Limits));

/// What is waited for in vain is waited for under short deadlines, everything else under those that count.
fn in_two(rows: impl IntoIterator<Item = Row>) -> [Part; 2] {
    let hasty = |limits: &mut Limits| {
        let all = &mut limits.version_1;
        (all.command, all.tool, all.hook_assistant_message) = (WAIT, WAIT, WAIT);
    };
    let (in_vain, others) = rows.into_iter().partition(|(_, _, becomes)| matches!(becomes, Nothing));
    [(in_vain, hasty), (others, |_| {})]
}

/// An answer without one field, or with another value for it.
fn changed(answer: &Value, field: &str, value: Option<Value>) -> String {
    let mut answer = answer.clone();
    let fields = answer.as_object_mut().unwrap();
    match value {
        Some(value) => _ = fields.insert(field.to_owned(), value),
        None => _ = fields.remove(field),
    }
    answer.to_string()
}

fn wrong(kind: &str, what: &str) -> String {
    format!("its answer cannot be used: bad {kind} frame: invalid type: {what}")
}

fn give(directory: &Path, answer: &str) {
    fs::write(directory.join("answer"), format!("{answer}\n")).unwrap();
}

#[tokio::test]
async fn command_response() {
    let full = json!({ "type": "command_response", "id": "ID", "action": "display", "display": "shown" });
    let huge = Some(json!("y".repeat(1 << 20)));
    let rows = [
        ("type", None, Nothing),
        ("type", Some(json!(7)), Nothing),
        ("id", None, Nothing),
        ("id", Some(json!(7)), Nothing),
        ("id", huge.clone(), Nothing),
        ("action", None, Text("")),
        ("action", Some(json!(7)), Unusable("integer `7`, expected a string")),
        ("display", None, Text("")),
        ("display", Some(json!(["x"])), Unusable("sequence, expected a string")),
        ("prompt", Some(json!({})), Unusable("map, expected a string")),
        ("insert", Some(json!(true)), Unusable("boolean `true`, expected a string")),
        ("error", Some(json!(1.5)), Unusable("floating point `1.5`, expected a string")),
        ("open_panel", Some(json!("x")), Unusable("string \"x\", expected a JSON object")),
        ("open_panel", Some(json!({ "lines": 3 })), Unusable("integer `3`, expected a sequence")),
        ("unknown", huge.clone(), Text("shown")),
    ];
    for (rows, deadlines) in in_two(rows) {
        let setting = Setting::script(PARROT).limits(deadlines);
        let directory = setting.directory();
        let mut play = setting.start().await;
        for (field, value, becomes) in rows {
            give(&directory, &changed(&full, field, value.clone()));
            let outcome = play.session.run("/hostile").await.outcome;
            let at = format!("{field} = {value:.40?}");
            match becomes {
                Text(text) => assert_eq!(outcome.text, text, "{at}"),
                Unusable(what) => {
                    let message = outcome.error().unwrap_or_else(|| panic!("{at} was used"));
                    let cause = wrong("command_response", what);
                    assert!(
                        message.starts_with(&format!("extension \"hostile\": command /hostile: {cause}")),
                        "{at}: {message}"
                    );
                    assert!(message.ends_with(SEE), "{at}: {message}");
                }
                Nothing => {
                    let message = outcome.error().unwrap_or_else(|| panic!("{at} was used"));
                    is_fault(message, "command /hostile", NO_ANSWER, SEE);
                }
            }
        }
        play.end().await;
    }
}

#[tokio::test]
async fn huge_display() {
    let setting = Setting::script(PARROT);
    let display = "y".repeat(1 << 20);
    let frame = json!({ "type": "command_response", "id": "ID", "action": "display", "display": display });
    give(&setting.directory(), &frame.to_string());
    let mut play = setting.start().await;
    assert_eq!(play.command().await, display);
    play.end().await;
}

#[tokio::test]
async fn tool_result() {
    let full = json!({ "type": "tool_result", "id": "ID", "content": [{ "type": "text", "text": "said" }] });
    let huge = "y".repeat(1 << 20);
    let block = |field: &str, value: Value| {
        let mut block = json!({ "type": "text", "text": "said" });
        block.as_object_mut().unwrap().insert(field.to_owned(), value);
        Some(json!([block]))
    };
    let rows = [
        ("id", None, Nothing),
        ("id", Some(json!({})), Nothing),
        ("content", None, Text("(extension returned no content)")),
        ("content", Some(json!("said")), Unusable("string \"said\", expected a sequence")),
        ("content", Some(json!(["said"])), Unusable("string \"said\", expected a JSON object")),
        ("content", Some(json!([{}])), Text("[unknown block type \"\" from extension hostile]")),
        ("content", block("type", json!(0)), Unusable("integer `0`, expected a string")),
        ("content", block("text", json!(0)), Unusable("integer `0`, expected a string")),
        ("content", block("mime_type", json!(0)), Unusable("integer `0`, expected a string")),
        ("content", block("data", json!(0)), Unusable("integer `0`, expected a string")),
        ("content", block("text", json!(huge)), Text("yyyy")),
        ("is_error", Some(json!("no")), Unusable("string \"no\", expected a boolean")),
        ("unknown", Some(json!(huge)), Text("said")),
    ];
    for (rows, deadlines) in in_two(rows) {
        let calls =
            rows.iter().flat_map(|_| [script::calls("hostile_tool", json!({})), script::says("done")]);
        let setting = Setting::script(TOOL_PARROT).limits(deadlines);
        let directory = setting.directory();
        let mut play = setting.start_with_script(calls.collect::<Vec<_>>()).await;
        for (field, value, becomes) in rows {
            give(&directory, &changed(&full, field, value.clone()));
            let transcript = play.session.run("go").await;
            let (text, problems) = (transcript.texts().concat(), transcript.problems());
            let at = format!("{field} = {value:.40?}: {problems:?}");
            match becomes {
                Text(expected) => {
                    assert!(text.starts_with(expected) && problems.is_empty(), "{at}: {text:.80}")
                }
                Unusable(what) => {
                    let cause = wrong("tool_result", what);
                    assert!(
                        problems[0]
                            .starts_with(&format!("extension \"hostile\": tool hostile_tool: {cause}")),
                        "{at}"
                    );
                    assert!(text.starts_with("extension hostile/hostile_tool failed: "), "{at}: {text:.80}");
                }
                Nothing => is_fault(&problems[0], "tool hostile_tool", NO_ANSWER, SEE),
            }
        }
        play.end().await;
    }
}

#[tokio::test]
async fn event_intercept_response() {
    let full = json!({ "type": "event_intercept_response", "id": "ID" });
    let rows = [
        ("id", None, Nothing),
        ("id", Some(json!(7)), Nothing),
        ("block", Some(json!("yes")), Unusable("string \"yes\", expected a boolean")),
        ("block", Some(json!(true)), Text("")),
        ("reason", Some(json!([])), Unusable("sequence, expected a string")),
        ("reason", Some(json!("y".repeat(1 << 20))), Text("hi")),
        ("modified_args", Some(json!({ "a": "y".repeat(1 << 20) })), Text("hi")),
        ("replace_text", Some(json!(7)), Unusable("integer `7`, expected a string")),
        ("replace_text", Some(json!("other")), Text("other")),
    ];
    for (rows, deadlines) in in_two(rows) {
        let setting = Setting::script(PARROT).limits(deadlines);
        let directory = setting.directory();
        let mut play =
            setting.start_with_script(rows.iter().map(|_| script::says("hi")).collect::<Vec<_>>()).await;
        for (field, value, becomes) in rows {
            give(&directory, &changed(&full, field, value.clone()));
            let transcript = play.session.run("go").await;
            let problems = transcript.problems();
            let at = format!("{field} = {value:.40?}: {problems:?}");
            match becomes {
                Text("") => assert!(!shown(&transcript.events).contains("hi"), "{at}"),
                Text(text) => assert!(transcript.outcome.text == text && problems.is_empty(), "{at}"),
                Unusable(what) => {
                    let cause = wrong("event_intercept_response", what);
                    assert!(problems[0].starts_with(&format!("guard \"hostile\": {cause}")), "{at}");
                    let end = format!(" → let pass (hook assistant_message); {SEE}");
                    assert!(problems[0].ends_with(&end), "{at}");
                }
                Nothing => {
                    let expected =
                        format!("guard \"hostile\": {NO_ANSWER} → let pass (hook assistant_message); {SEE}");
                    assert_eq!(problems[0], expected);
                }
            }
        }
        play.end().await;
    }
}

fn shown(events: &[AgentEvent]) -> String {
    format!(
        "{:?}",
        events
            .iter()
            .filter(|event| matches!(event, AgentEvent::AssistantMessage { .. }))
            .collect::<Vec<_>>()
    )
}

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
