//! The exit codes, the same in every mode.

use serde_json::json;
use wharf_test_support::{Home, script};

use crate::program::{Ran, run, run_script};

/// Checks the code, that standard error holds the words, and that it names no stack of code.
fn check(ran: &Ran, code: i32, words: &[&str]) {
    assert_eq!(ran.code, Some(code), "{ran:?}");
    for word in words {
        assert!(ran.err.contains(word), "{word:?} is missing: {}", ran.err);
    }
    assert!(!ran.err.contains("panicked"), "{}", ran.err);
}

#[test]
fn zero_when_it_went_well() {
    check(&run(&Home::new(), &["-p", "--model", "demo", "hello"]), 0, &[]);
    check(&run(&Home::new(), &["--help"]), 0, &[]);
    check(&run(&Home::new(), &["--version"]), 0, &[]);
}

#[test]
fn one_when_the_run_failed() {
    let home = Home::new();
    home.install_component("probe");
    let ran = run(&home, &["-p", "--model", "demo", "/probe error"]);
    check(&ran, 1, &["extension \"probe\": command /probe: probe error"]);
    let ran = run(&home, &["-p", "--model", "demo", "/probe panel"]);
    check(&ran, 1, &["command /probe wants to open a panel: there is no UI here"]);
}

#[test]
fn two_for_mistakes_on_the_command_line() {
    let home = Home::new();
    check(&run(&home, &["-p", "--modle", "demo", "hi"]), 2, &["--modle", "did you mean --model?"]);
    check(&run(&home, &["-p", "--approve", "maybe", "hi"]), 2, &["maybe"]);
    check(&run(&home, &["-p", "--model", "demo"]), 2, &["there is no prompt"]);
    check(&run(&home, &["-p", "--model", "demo", "--cwd", "/no/such/place", "hi"]), 2, &["/no/such/place"]);
    check(&run(&home, &["ext", "lst"]), 2, &["did you mean list?"]);
}

#[test]
fn three_for_configuration() {
    let home = Home::new();
    check(&run(&home, &["-p", "hi"]), 3, &["no model is chosen", "--model demo"]);
    check(&run(&home, &["-p", "--model", "gpt-none", "hi"]), 3, &["gpt-none"]);
    check(&run(&home, &["-p", "--script", "/no/such/script", "hi"]), 3, &["/no/such/script"]);
    home.configure("\napprove = 3\n");
    check(&run(&home, &["-p", "--model", "demo", "hi"]), 3, &["config.toml", "line 2", "--no-config"]);
    check(&run(&home, &["-p", "--model", "demo", "--no-config", "hi"]), 0, &[]);
}

#[test]
fn three_for_a_failed_extension_when_strict() {
    let home = Home::new();
    std::fs::write(home.extensions().join("broken.wasm"), "").unwrap();
    check(
        &run(&home, &["-p", "--model", "demo", "hi"]),
        0,
        &["extension \"broken\": compile: the file is empty"],
    );
    let strict = run(&home, &["-p", "--model", "demo", "--strict-ext", "hi"]);
    check(&strict, 3, &["extension \"broken\": compile: the file is empty"]);
    assert_eq!(strict.out, "");
}

#[test]
fn three_for_an_extension_that_never_says_hello_when_strict() {
    let home = Home::new();
    home.install_shell("sleeper", "exec sleep 1000\n");
    let strict = run(&home, &["-p", "--model", "demo", "--strict-ext", "hi"]);
    check(&strict, 3, &["extension \"sleeper\": start: timed out after 10 s"]);
}

#[test]
fn three_for_an_extension_that_is_left_out_when_strict() {
    let home = Home::new();
    home.install_script("odd", &["./odd"], &[]);
    std::fs::write(home.extensions().join("odd/extension.json"), "{\"name\": 3}").unwrap();
    check(&run(&home, &["-p", "--model", "demo", "hi"]), 0, &["odd/extension.json", "expected a string"]);
    let strict = run(&home, &["-p", "--model", "demo", "--strict-ext", "hi"]);
    check(&strict, 3, &["odd/extension.json", "expected a string"]);
    let strict = run(&Home::new(), &["-p", "--model", "demo", "--strict-ext", "-e", "./nowhere", "hi"]);
    check(&strict, 3, &["nowhere"]);
}

#[test]
fn four_when_the_provider_fails() {
    let home = Home::new();
    let ran = run_script(&home, [script::calls("read", json!({ "path": "x" }))], &["-p", "hi"]);
    check(&ran, 4, &["script exhausted after 1 responses"]);
    let error = json!({ "error": { "status": 401, "message": "who are you?" } }).to_string();
    check(&run_script(&home, [error], &["-p", "hi"]), 4, &["who are you?"]);
}

#[test]
fn five_when_refused() {
    let home = Home::new();
    let bash = r#"call bash {"command":"touch ran"}"#;
    for approve in ["ask", "deny"] {
        let ran = run(&home, &["-p", "--model", "demo", "--approve", approve, bash]);
        check(&ran, 5, &["a call of bash was refused", "--approve auto"]);
    }
    check(&run(&home, &["-p", "--model", "demo", bash]), 5, &["a call of bash was refused"]);
    assert!(!home.project().join("ran").exists(), "the refused command ran");
    check(&run(&home, &["-p", "--model", "demo", "--approve", "auto", bash]), 0, &[]);
    assert!(home.project().join("ran").exists(), "the approved command did not run");
}

/// It wants the user asked about every call.
const ASKS: &str = r#"echo '{"type":"hello","name":"dotenv","protocol_version":2}'
echo '{"type":"register_hook","on":"tool_call"}'
echo '{"type":"ready"}'
while read -r line; do
    id=$(printf '%s' "$line" | sed -n 's/.*event_intercept".*"id":"\([^"]*\)".*/\1/p;s/.*"id":"\([^"]*\)".*event_intercept".*/\1/p')
    [ -n "$id" ] && printf '{"type":"event_intercept_response","id":"%s","ask":true,"reason":"secrets"}\n' "$id"
done
"#;

#[test]
fn five_when_a_hook_wants_the_user_asked() {
    let home = Home::new();
    home.install_shell("dotenv", ASKS);
    for (mode, tool) in [("-p", r#"call bash {"command":"true"}"#), ("--json", r#"call read {"path":"a"}"#)] {
        let ran = run(&home, &[mode, "--model", "demo", "--approve", "auto", tool]);
        check(&ran, 5, &["was refused: \"dotenv\" wants the user asked, and nobody can be asked here"]);
        assert!(!ran.err.contains("--approve"), "{}", ran.err);
    }
}

#[test]
fn five_when_a_turn_is_refused() {
    let home = Home::new();
    home.install_component("probe");
    let lines = [script::calls("probe_block_next_turn", json!({})), script::says("never")];
    let ran = run_script(&home, lines, &["-p", "hi"]);
    check(&ran, 5, &["probe refuses the turn", "\"probe\""]);
    assert_eq!(ran.out, "");
}

#[test]
fn zero_when_a_guard_refuses_a_call() {
    let home = Home::new();
    home.install_component("probe");
    let lines = [script::calls("bash", json!({ "command": "rm -rf ./nothing" })), script::says("understood")];
    let ran = run_script(&home, lines, &["-p", "--approve", "auto", "hi"]);
    check(&ran, 0, &[]);
    assert_eq!(ran.out, "understood\n");
}

#[test]
fn six_when_the_steps_are_used_up() {
    let ran = run(&Home::new(), &["-p", "--model", "demo", "--max-steps", "1", "call read {\"path\":\"x\"}"]);
    check(&ran, 6, &[]);
    assert!(!ran.err.is_empty());
}
