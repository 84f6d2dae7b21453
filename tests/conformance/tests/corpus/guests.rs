//! The components of the corpus, each doing what it was built for.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use wharf_runtime::ports::event::AgentEvent;
use wharf_runtime::{Reply, Status};
use wharf_test_support::{Home, Session, script};

/// The components, each with what it is to do.
macro_rules! corpus {
    ($($name:ident),+ $(,)?) => {
        const KNOWN: &[&str] = &[$(stringify!($name)),+];

        $(mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn works() {
                for release in crate::releases() {
                    let wasm = release.join(concat!(stringify!($name), ".wasm"));
                    // A guest may have come with a later version.
                    if wasm.is_file() {
                        super::$name(super::home(&wasm)).await;
                    }
                }
            }
        })+
    };
}

corpus!(desk, guard, hello, probe, weather);

fn home(wasm: &Path) -> Home {
    let home = Home::new();
    fs::copy(wasm, home.extensions().join(wasm.file_name().unwrap())).unwrap();
    home
}

#[test]
fn each_has_a_test() {
    for release in crate::releases() {
        for entry in fs::read_dir(&release).unwrap() {
            let file = entry.unwrap().path();
            let name = file.file_stem().unwrap().to_str().unwrap();
            assert!(name == "wit" || KNOWN.contains(&name), "{}", file.display());
        }
        let first = release.ends_with("0.1.0");
        assert!(!first || KNOWN.iter().all(|name| release.join(format!("{name}.wasm")).is_file()));
    }
}

/// Nothing went wrong at the start. Without lines the model is the demo.
async fn start(home: &Home, lines: &[String]) -> Session {
    let session = home.session().with(|builder| builder.ui(true));
    let session = if lines.is_empty() { session } else { session.script(lines.iter().cloned()) };
    let mut session = session.start().await;
    assert_eq!(session.problems(), Vec::<String>::new());
    session
}

async fn weather(home: Home) {
    let lines = [script::calls("weather", json!({ "city": "Berlin" })), script::says("done")];
    let mut session = start(&home, &lines).await;
    let transcript = session.run("go").await;
    assert!(transcript.texts()[0].contains("Weather in Berlin"), "{transcript:?}");
    session.close().await;
}

async fn guard(home: Home) {
    let lines = [script::calls("bash", json!({ "command": "rm -rf /" })), script::says("done")];
    let mut session = start(&home, &lines).await;
    let transcript = session.run("go").await;
    assert!(transcript.texts()[0].contains("guard"), "{transcript:?}");
    session.close().await;
}

async fn hello(home: Home) {
    let mut session = start(&home, &[]).await;
    let outcome = session.run("/hello").await.outcome;
    assert_eq!(outcome.status, Status::Ok);
    assert!(outcome.text.to_lowercase().contains("hello"), "{}", outcome.text);
    session.close().await;
}

/// All tools, events and hooks.
async fn probe(home: Home) {
    let lines = [
        script::says_and_calls("let me see", "probe_echo", json!({ "text": "hi" })),
        script::calls_all([("probe_add_args", json!({ "a": 1 })), ("probe_image", json!({}))]),
        script::calls("probe_register_late", json!({})),
        script::calls_all([("probe_late", json!({})), ("probe_trace", json!({}))]),
        script::says("done"),
    ];
    let mut session = start(&home, &lines).await;
    let transcript = session.run("go").await;
    assert_eq!(transcript.problems(), Vec::<String>::new());
    let texts = transcript.texts();
    assert_eq!(texts[..2], ["echo:hi", r#"{"a":1,"added":true}"#]);
    assert_eq!(texts[3..5], ["registered probe_late", "late"]);
    for line in [
        "event session_start",
        "hook prompt \"go\" by the user",
        "event prompt \"go\" -",
        "event turn_start 1",
        "hook turn_start 1",
        "event usage 0 0",
        "hook assistant_message \"let me see\"",
        "event assistant_message \"let me see\"",
        "event tool_call probe_echo {\"text\":\"hi\"}",
        "event turn_end tool_use",
        "hook tool_call probe_echo {\"text\":\"hi\"}",
        "event tool_result probe_echo ok \"echo:hi\"",
    ] {
        assert!(texts[5].lines().any(|other| other == line), "{line} is missing: {}", texts[5]);
    }
    session.close().await;
}

/// All that may be asked of the host.
async fn desk(home: Home) {
    let orders = [
        (json!({ "do": "set", "scope": "user", "key": "k", "value": "v" }), "v1"),
        (json!({ "do": "get", "scope": "user", "key": "k" }), "v v1"),
        (json!({ "do": "keys", "scope": "user" }), "k"),
        (json!({ "do": "delete", "scope": "user", "key": "k" }), "done"),
        (json!({ "do": "get", "scope": "session", "key": "k" }), "absent"),
        (json!({ "do": "display", "text": "x" }), "done"),
        (json!({ "do": "insert", "text": "x" }), "done"),
        (json!({ "do": "status", "text": "x" }), "done"),
        (json!({ "do": "open", "panel": "p", "lines": ["one"] }), "done"),
        (json!({ "do": "render", "panel": "p", "lines": ["two"] }), "done"),
        (json!({ "do": "close", "panel": "p" }), "done"),
        (json!({ "do": "progress" }), "done"),
        (json!({ "do": "misfit" }), "tool \"no name\" is left out"),
    ];
    let mut session = start(&home, &[]).await;
    for (order, expected) in orders {
        let outcome = session.run(&format!("/desk {order}")).await.outcome;
        let came = outcome.error().unwrap_or(&outcome.text);
        assert!(came.contains(expected), "{order}: {came}");
    }
    dialogs(&mut session).await;
    session.close().await;
    assert!(home.log("desk").contains("desk stops"), "{}", home.log("desk"));
}

async fn dialogs(session: &mut Session) {
    let cases: [(Value, Reply, &str); 3] = [
        (json!({ "do": "select", "text": "?", "choices": ["a", "b"] }), Reply::Choice { index: 1 }, "1"),
        (json!({ "do": "confirm", "text": "?" }), Reply::Confirmed { yes: true }, "yes"),
        (json!({ "do": "input", "text": "?" }), Reply::Text { text: "Ada".into() }, "Ada"),
    ];
    for (order, answer, expected) in cases {
        let run = session.begin(&format!("/desk {order}")).await;
        let dialog = |event: &AgentEvent| match event {
            AgentEvent::ExtDialog { id, .. } => Some(*id),
            _ => None,
        };
        let id = session.until("a dialog", dialog).await;
        assert!(session.wharf().answer(id, Some(answer)));
        assert_eq!(session.finish(run).await.outcome.text, expected, "{order}");
    }
}
