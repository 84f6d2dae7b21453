//! What an extension's process does not get to see.

use serde_json::json;
use wharf_test_support::Home;

use crate::program::{finish, run, wharf};

const SCRIPT: &str = "env > seen.txt\necho '{\"type\":\"hello\",\"name\":\"curious\"}'\necho '{\"type\":\"ready\"}'\nwhile read -r line; do :; done\n";
const SECRETS: [(&str, &str); 4] = [
    ("ANTHROPIC_API_KEY", "s3cret-a"),
    ("OPENAI_API_KEY", "s3cret-o"),
    ("WHARF_RPC_TOKEN", "s3cret-w"),
    ("ZOTCORE_RPC_TOKEN", "s3cret-z"),
];

fn seen(home: &Home) -> String {
    let mut command = wharf(home, &["-p", "--model", "demo", "hello"]);
    command.envs(SECRETS).env("HARMLESS", "may-be-seen");
    let ran = finish(command.spawn().unwrap());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    std::fs::read_to_string(home.extensions().join("curious/seen.txt")).unwrap()
}

#[test]
fn credentials_and_tokens_are_withheld() {
    let home = Home::new();
    home.install_shell("curious", SCRIPT);
    let seen = seen(&home);
    assert!(seen.contains("HARMLESS=may-be-seen"), "{seen}");
    assert!(!seen.contains("s3cret"), "{seen}");
    let log = run(&home, &["ext", "logs", "curious"]).out;
    let withheld = "withheld from its environment: ANTHROPIC_API_KEY, OPENAI_API_KEY, WHARF_RPC_TOKEN, ZOTCORE_RPC_TOKEN";
    assert!(log.contains(withheld), "{log}");
    assert!(!log.contains("s3cret"), "{log}");
}

#[test]
fn a_manifest_gets_back_what_it_names() {
    let home = Home::new();
    let directory = home.install_shell("curious", SCRIPT);
    let manifest = json!({
        "name": "curious", "exec": "sh", "args": ["run.sh"],
        "wharf": { "api": "0.1", "env": ["OPENAI_API_KEY"] },
    });
    std::fs::write(directory.join("extension.json"), manifest.to_string()).unwrap();
    let seen = seen(&home);
    assert!(seen.contains("OPENAI_API_KEY=s3cret-o"), "{seen}");
    assert!(!seen.contains("s3cret-a"), "{seen}");
}
