//! Print mode and JSON mode.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use wharf_test_support::{BackendKind, Home, script};

use crate::program::{Ran, run, run_script};

/// What zot writes for a run of this kind.
const GOLDEN: &str = include_str!("../../../rpc/tests/golden/zot-json-mode.jsonl");

fn weather(backend: BackendKind) -> Ran {
    let home = Home::new();
    home.install(backend, "weather");
    run(&home, &["-p", "--model", "demo", r#"call weather {"city":"Berlin"}"#])
}

#[test]
fn both_backends_answer_the_same() {
    let [component, subprocess] = BackendKind::BOTH.map(weather);
    for ran in [&component, &subprocess] {
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(ran.out.contains("Berlin"), "{ran:?}");
        assert!(ran.out.ends_with('\n') && !ran.out.ends_with("\n\n"), "{ran:?}");
        assert_eq!(ran.err, "");
    }
    assert_eq!(component.out, subprocess.out);
}

#[test]
fn standard_output_holds_the_final_text_alone() {
    let home = Home::new();
    home.install_component("probe");
    std::fs::write(home.extensions().join("broken.wasm"), "").unwrap();
    let lines = [
        script::says_and_calls("first I look", "bash", json!({ "command": "echo looked; echo oh >&2" })),
        script::says("the SECRET\n\n"),
    ];
    let ran = run_script(&home, lines, &["-p", "--approve", "auto", "go"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.out, "the [redacted]\n");
    assert!(ran.err.contains("extension \"broken\": compile: the file is empty"), "{}", ran.err);
    let notified = run_script(&home, [], &["-p", "/probe notify"]);
    assert_eq!((notified.code, notified.out.as_str()), (Some(0), ""));
    assert!(notified.err.contains("[probe] warn: probe notifies\n"), "{}", notified.err);
    assert_eq!(run_script(&home, [], &["-p", "/probe display"]).out, "probe displays\n");
}

#[test]
fn extensions_can_be_loaded_anew_in_every_mode() {
    for backend in BackendKind::BOTH {
        let home = Home::new();
        home.install(backend, "weather");
        let ran = run(&home, &["-p", "--model", "demo", "/reload-ext"]);
        assert_eq!((ran.code, ran.out.as_str()), (Some(0), "reloaded: 1 stopped, 1 loaded (1 ready)\n"));
        let ran = run(&home, &["--json", "--model", "demo", "/reload-ext", "weather"]);
        let line = r#"{"errors":[],"loaded":["weather"],"stopped":["weather"],"type":"ext_reloaded"}"#;
        assert!(ran.out.starts_with(&format!("{line}\n{{\"exit\":0,")), "{ran:?}");
        let ran = run(&home, &["-p", "--model", "demo", "/reload-ext", "nobody"]);
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(ran.out.contains("there is no extension \"nobody\"; there are: weather\n"), "{ran:?}");
        assert_eq!(ran.err, "wharf: /reload-ext: one extension could not be loaded\n");
    }
}

/// The same run as the golden one: a tool, a refused call, a rewritten one, a replaced message.
fn golden_run(backend: BackendKind) -> Ran {
    let home = Home::new();
    home.install(backend, "probe");
    let line = |id: &str, name: &str, args: Value| {
        let calls = [json!({ "id": id, "name": name, "args": args })];
        json!({ "tool_calls": calls, "usage": { "input": 10, "output": 2 } }).to_string()
    };
    let lines = [
        line("t1", "probe_echo", json!({ "text": "hi" })),
        line("t2", "bash", json!({ "command": "rm -rf ./nothing-here" })),
        line("t3", "bash", json!({ "command": "echo plain" })),
        script::says("the SECRET is out"),
    ];
    run_script(&home, lines, &["--json", "--approve", "auto", "go"])
}

/// A value with everything but its keys, its types and its order taken away.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let shapes: BTreeMap<_, _> = map
                .iter()
                .map(|(key, value)| (key.clone(), if key == "type" { value.clone() } else { shape(value) }))
                .collect();
            json!(shapes)
        }
        Value::Array(list) => Value::Array(list.iter().map(shape).collect()),
        Value::String(_) => json!("string"),
        Value::Number(_) => json!("number"),
        Value::Bool(_) => json!("bool"),
        Value::Null => Value::Null,
    }
}

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

#[test]
fn json_mode_writes_what_zot_writes() {
    for backend in BackendKind::BOTH {
        let ran = golden_run(backend);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert_eq!(ran.err, "");
        let (mut ours, mut zots) = (lines(&ran.out), lines(GOLDEN));
        let (done, zots_done) = (ours.pop().unwrap(), zots.pop().unwrap());
        assert_eq!(zots_done, json!({ "type": "done" }));
        for (ours, zots) in ours.iter().zip(&zots) {
            let mut shape_of_ours = shape(ours);
            if ours["type"] == "tool_result" && ours["id"] == "t3" {
                // Wharf says, besides, what ran.
                shape_of_ours.as_object_mut().unwrap().remove("ran");
            }
            assert_eq!(shape_of_ours, shape(zots), "{ours}\n{zots}");
        }
        assert_eq!(ours.len(), zots.len());
        let texts = |lines: &[Value]| -> Vec<Value> {
            lines
                .iter()
                .filter(|line| line["type"] == "assistant_message")
                .map(|line| line["content"].clone())
                .collect()
        };
        assert_eq!(texts(&ours), texts(&zots));
        assert_eq!(
            (&done["type"], &done["exit"], &done["status"]),
            (&json!("done"), &json!(0), &json!("ok"))
        );
        assert!(done["extensions"]["probe"].is_object(), "{done}");
    }
}

#[test]
fn json_mode_has_its_keys_in_alphabetical_order() {
    let ran = golden_run(BackendKind::Component);
    for line in ran.out.lines() {
        let value: BTreeMap<String, Value> = serde_json::from_str(line).unwrap();
        // The map is sorted, and so are those within it.
        assert_eq!(serde_json::to_string(&value).unwrap(), line);
    }
}

#[test]
fn json_mode_ends_with_done_whatever_happens() {
    let home = Home::new();
    for (args, code, status) in [
        (vec!["--json", "--model", "demo"], 2, "usage"),
        (vec!["--json", "go"], 3, "configuration"),
        (vec!["--json", "--model", "demo", r#"call bash {"command":"echo hi"}"#], 5, "refused"),
    ] {
        let ran = run(&home, &args);
        assert_eq!(ran.code, Some(code), "{ran:?}");
        let done = lines(&ran.out).pop().unwrap();
        assert_eq!(
            (&done["type"], &done["exit"], &done["status"]),
            (&json!("done"), &json!(code), &json!(status))
        );
    }
}
