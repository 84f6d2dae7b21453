//! Each field of each answer: missing, of a wrong type, huge. What can be used is used, what cannot is told at once,
//! and only an answer that says to nobody what it answers is waited for until the deadline.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use wharf_runtime::extensions::limits::Limits;
use wharf_runtime::ports::event::AgentEvent;
use wharf_test_support::script;

use crate::stage::{SEE, Setting, is_fault};

/// Answers every question with the line in `answer`, in which ID stands for the question's.
const PARROT: &str = "greet; say '{\"type\":\"subscribe\",\"intercept\":[\"assistant_message\"]}'
    ready; while question; do sed \"s/ID/$id/\" answer; done";
/// The same without hooks, so that every question is a tool call.
const TOOL_PARROT: &str = "greet; ready; while question; do sed \"s/ID/$id/\" answer; done";

const NO_ID: &str = "it has no id";

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
pub(crate) fn changed(answer: &Value, field: &str, value: Option<Value>) -> String {
    let mut answer = answer.clone();
    let fields = answer.as_object_mut().unwrap();
    match value {
        Some(value) => _ = fields.insert(field.to_owned(), value),
        None => _ = fields.remove(field),
    }
    answer.to_string()
}

fn wrong(kind: &str, what: &str) -> String {
    if what == NO_ID {
        return format!("its answer cannot be used: {what}");
    }
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
        ("id", None, Unusable(NO_ID)),
        ("id", Some(json!(7)), Unusable("integer `7`, expected a string")),
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
        ("id", None, Unusable(NO_ID)),
        ("id", Some(json!({})), Unusable("map, expected a string")),
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
        ("id", None, Unusable(NO_ID)),
        ("id", Some(json!(7)), Unusable("integer `7`, expected a string")),
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
