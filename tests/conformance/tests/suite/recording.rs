//! A whole session, as a version 1 extension sees it, against one that was recorded with zot.

use std::collections::HashMap;

use serde_json::{Value, json};
use wharf_conformance::scenarios;
use wharf_protocol::notice::Level;
use wharf_runtime::ports::event::AgentEvent;
use wharf_test_support::{BackendKind, Home, script, without_python};

const GOLDEN: &str = include_str!("../../golden/zot-session.txt");

scenarios! {
    session_is_that_of_zot in subprocess => SubprocessVersion1;
    notice_of_the_handshake_reaches_the_user in subprocess => RequestNotify;
}

/// The call's id is the model's, and reaches the extension.
fn calls(id: &str, name: &str, args: Value) -> String {
    json!({ "tool_calls": [{ "id": id, "name": name, "args": args }] }).to_string()
}

async fn session_is_that_of_zot(_: BackendKind) {
    if without_python() {
        return;
    }
    let home = Home::new();
    let directory = home.install_folder("probe", &crate::fixture("recorder"));
    let lines = [
        calls("t1", "probe_echo", json!({ "text": "hi" })),
        calls("t2", "bash", json!({ "command": "rm -rf ./nothing-here" })),
        calls("t3", "bash", json!({ "command": "echo plain" })),
        script::says("the SECRET is out"),
        script::says("answer to the probe"),
    ];
    let mut session = home.session().script(lines).start().await;
    assert_eq!(session.run("/probe hello").await.outcome.text, "probe ran hello");
    assert_eq!(session.run("/probe error").await.outcome.exit_code(), 1);
    let transcript = session.run("go").await;
    assert_eq!(transcript.outcome.text, "the [redacted] is out");
    assert_eq!(transcript.texts()[..2], ["echo:hi", "probe refuses rm -rf"]);
    assert!(transcript.texts()[2].contains("GUARDED"), "{:?}", transcript.texts());
    assert_eq!(session.run("/probe prompt").await.outcome.text, "answer to the probe");
    session.close().await;

    let recorded = std::fs::read_to_string(directory.join("recording.txt")).unwrap();
    let recorded =
        normalised(&recorded, &home.project().display().to_string(), &directory.display().to_string());
    let golden: Vec<&str> = GOLDEN.lines().filter(|line| !line.starts_with('#')).collect();
    for (index, (recorded, golden)) in recorded.iter().zip(&golden).enumerate() {
        assert_eq!(recorded, golden, "line {}", index + 1);
    }
    assert_eq!(recorded.len(), golden.len());
}

/// Puts placeholders for what differs from session to session.
fn normalised(recording: &str, project: &str, directory: &str) -> Vec<String> {
    let facts = recording
        .replace(&quoted(directory), "\"EXTENSION\"")
        .replace(&quoted(project), "\"PROJECT\"")
        .replace("\"zot_version\":\"0.0.0\"", "\"zot_version\":\"VERSION\"")
        .replace(
            "\"provider\":\"script\",\"model\":\"script\"",
            "\"provider\":\"PROVIDER\",\"model\":\"MODEL\"",
        );
    let mut numbers = HashMap::new();
    facts.lines().map(|line| numbered(line, &mut numbers)).collect()
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// Replaces the frame's id, if it has one, by its number in order of appearance.
fn numbered(line: &str, numbers: &mut HashMap<String, usize>) -> String {
    const KEY: &str = "\"id\":\"";
    let Some((before, rest)) = line.split_once(KEY) else { return line.to_owned() };
    let (id, after) = rest.split_once('"').unwrap();
    let next = numbers.len() + 1;
    let number = numbers.entry(id.to_owned()).or_insert(next);
    format!("{before}{KEY}{number}\"{after}")
}

async fn notice_of_the_handshake_reaches_the_user(_: BackendKind) {
    if without_python() {
        return;
    }
    let home = Home::new();
    home.install_folder("probe", &crate::fixture("recorder"));
    let mut session = home.session().start().await;
    let notice = AgentEvent::ExtNotify {
        extension: wharf_runtime::extensions::ExtensionId::new("probe").unwrap(),
        level: Level::Warn,
        message: "hello from probe".to_owned(),
    };
    session.until("the notice", |event| (*event == notice).then_some(())).await;
    session.close().await;
}
