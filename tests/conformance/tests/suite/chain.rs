//! Several interceptors in a row: each sees what the one before it wrote, whatever its backend.

use serde_json::json;
use wharf_conformance::scenarios;
use wharf_test_support::{BackendKind, Home, script, without_python};

scenarios! {
    rewrite_reaches_the_next_subprocess => HookToolCallOrder;
    rewrite_of_a_subprocess_reaches_the_next => HookToolCallOrder, EventToolCall;
}

/// A script that adds ` relayed` to commands and keeps what it was asked, with a place in the order.
fn install_relay(home: &Home, order: i16) -> std::path::PathBuf {
    let directory = home.install_folder("relay", &crate::fixture("relay"));
    let manifest = json!({
        "name": "relay", "exec": "python3", "args": ["relay.py"],
        "wharf": { "api": "0.1", "hooks": [
            { "on": "tool_call", "tools": ["bash"], "order": order, "on_failure": "closed" }
        ] },
    });
    std::fs::write(directory.join("extension.json"), manifest.to_string()).unwrap();
    directory
}

async fn rewrite_reaches_the_next_subprocess(backend: BackendKind) {
    if without_python() {
        return;
    }
    let home = Home::new();
    home.install(backend, "probe");
    let relay = install_relay(&home, 10);
    let lines = [script::calls("bash", json!({ "command": "echo plain" })), script::says("done")];
    let mut session = home.session().script(lines).start().await;
    let transcript = session.run("go").await;
    assert_eq!(transcript.results()[0].1.unwrap().as_str(), r#"{"command":"echo GUARDED relayed"}"#);
    let asked = std::fs::read_to_string(relay.join("asked.txt")).unwrap();
    assert_eq!(asked, "{\"command\":\"echo GUARDED\"}\n");
    session.close().await;
}

async fn rewrite_of_a_subprocess_reaches_the_next(backend: BackendKind) {
    if without_python() {
        return;
    }
    let home = Home::new();
    home.install(backend, "probe");
    let relay = install_relay(&home, -10);
    let lines = [
        script::calls("bash", json!({ "command": "echo plain" })),
        script::calls("probe_trace", json!({})),
        script::says("done"),
    ];
    let mut session = home.session().script(lines).start().await;
    let transcript = session.run("go").await;
    assert_eq!(transcript.results()[0].1.unwrap().as_str(), r#"{"command":"echo GUARDED relayed"}"#);
    let asked = std::fs::read_to_string(relay.join("asked.txt")).unwrap();
    assert_eq!(asked, "{\"command\":\"echo plain\"}\n");
    let trace = &transcript.texts()[1];
    assert!(trace.contains("\nhook tool_call bash {\"command\":\"echo plain relayed\"}\n"), "{trace}");
    // The event tells what the model asked for.
    assert!(trace.contains("\nevent tool_call bash {\"command\":\"echo plain\"}\n"), "{trace}");
    session.close().await;
}
