//! What a manifest declares is what counts; and tools that cannot be let in.

use std::fs;

use serde_json::{Value, json};
use wharf_conformance::scenarios;
use wharf_runtime::ApprovalMode;
use wharf_test_support::wat::{Export, Guest};
use wharf_test_support::{BackendKind, Home, Session, script};

scenarios! {
    destructive_tool_runs_with_approval_alone => ToolDestructive;
    undeclared_tool_is_left_out => RegisterDeclaredAlone;
    tool_with_a_schema_that_is_none_is_left_out => RegisterSchema;
}

const SCRIPT: &str = r#"say() { printf '%s\n' "$1"; }
say '{"type":"hello","name":"raze"}'
say '{"type":"register_command","name":"raze"}'
say '{"type":"register_tool","name":"raze","schema":SCHEMA}'
say '{"type":"ready"}'
while IFS= read -r line; do
    case $line in *'"tool_call"'*) ;; *shutdown*) exit 0;; *) continue;; esac
    id=${line#*'"id":"'} id=${id%%'"'*}
    say '{"type":"tool_result","id":"'"$id"'","content":[{"type":"text","text":"razed"}]}'
done
"#;

/// An extension with a command and a tool, both called `raze`; the tool has this schema, the manifest this section.
fn install(home: &Home, backend: BackendKind, schema: &str, wharf: Option<Value>) {
    let directory = home.extensions().join("raze");
    fs::create_dir_all(&directory).unwrap();
    let mut manifest = json!({ "name": "raze" });
    if let Some(wharf) = wharf {
        manifest["wharf"] = wharf;
    }
    match backend {
        BackendKind::Component => {
            manifest["wasm"] = json!("raze.wasm");
            let guest = Guest::new("raze")
                .schema(schema)
                .returns(Export::Command, |memory| memory.variant(1, "no"))
                .returns(Export::Tool, |memory| memory.output("razed"));
            fs::write(directory.join("raze.wasm"), guest.encode()).unwrap();
        }
        BackendKind::Subprocess => {
            (manifest["exec"], manifest["args"]) = (json!("sh"), json!(["raze.sh"]));
            fs::write(directory.join("raze.sh"), SCRIPT.replace("SCHEMA", schema)).unwrap();
        }
    }
    fs::write(directory.join("extension.json"), manifest.to_string()).unwrap();
}

fn has_tool(session: &Session) -> bool {
    session.wharf().tools().iter().any(|tool| tool.name == "raze")
}

async fn destructive_tool_runs_with_approval_alone(backend: BackendKind) {
    for (destructive, mode, runs) in [
        (true, ApprovalMode::Deny, false),
        (true, ApprovalMode::Auto, true),
        (false, ApprovalMode::Deny, true),
    ] {
        let home = Home::new();
        let tool = json!({
            "name": "raze", "description": "", "schema": { "type": "object" },
            "traits": { "destructive": destructive },
        });
        let wharf = json!({
            "api": "0.1", "tools": [tool], "commands": [{ "name": "raze", "description": "" }],
        });
        install(&home, backend, "{}", Some(wharf));
        let lines = [script::calls("raze", json!({})), script::says("done")];
        let mut session = home.session().script(lines).with(|builder| builder.approval(mode)).start().await;
        let transcript = session.run("go").await;
        let text = &transcript.texts()[0];
        assert_eq!(text == "razed", runs, "destructive: {destructive}, {mode:?}: {text}");
        assert_eq!(transcript.outcome.exit_code(), if runs { 0 } else { 5 });
        session.close().await;
    }
}

async fn undeclared_tool_is_left_out(backend: BackendKind) {
    let home = Home::new();
    let wharf = json!({ "api": "0.1", "commands": [{ "name": "raze", "description": "" }] });
    install(&home, backend, "{}", Some(wharf));
    let mut session = home.session().start().await;
    // It is started when its command is run.
    let problems = session.run("/raze").await.problems();
    let told = "tool \"raze\" is left out: its manifest does not declare it";
    assert!(problems.iter().any(|problem| problem.contains(told)), "{problems:#?}");
    assert!(!has_tool(&session));
    session.close().await;
}

async fn tool_with_a_schema_that_is_none_is_left_out(backend: BackendKind) {
    let home = Home::new();
    install(&home, backend, r#"{"type":"nothing"}"#, None);
    let mut session = home.session().start().await;
    session.problem(&["\"raze\"", "tool \"raze\" is left out: its schema: "]).await;
    assert!(!has_tool(&session));
    let commands = session.wharf().commands();
    assert!(commands.iter().any(|(name, _)| name == "raze"), "the rest of it is let in: {commands:?}");
    session.close().await;
}
