//! The guard, as it is shipped.

use serde_json::{Value, json};
use wharf_conformance::scenarios;
use wharf_runtime::ApprovalMode;
use wharf_test_support::{BackendKind, Home, script};

scenarios! {
    guard_refuses_dangerous_commands => ShippedGuard;
    guard_lets_harmless_commands_pass => ShippedGuard;
}

const DANGEROUS: [(&str, &str); 9] = [
    ("rm -rf", "rm -rf ./nothing-here"),
    ("rm -rf", "cd . && \"rm\" -r -f ./nothing-here"),
    ("rm -rf", "bash -c 'rm --recursive --force ./nothing-here'"),
    ("sudo", "sudo -n true"),
    ("mkfs", "mkfs.ext4 ./nothing-here"),
    ("dd", "dd if=./nothing-here of=/dev/nothing-here"),
    ("chmod -R 777", "chmod -R 777 ./nothing-here"),
    ("fork bomb", "nothing_here(){ nothing_here|nothing_here& };true"),
    ("sudo", "echo $(sudo -n true)"),
];

/// The decisions in the audit log.
fn audit(home: &Home) -> Vec<Value> {
    let text = std::fs::read_to_string(home.data("guard").join("audit.log")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

async fn guard_refuses_dangerous_commands(backend: BackendKind) {
    let home = Home::new();
    home.install(backend, "guard");
    let calls = DANGEROUS.map(|(_, command)| ("bash", json!({ "command": command })));
    // Should the guard fail to refuse, the approver does: nothing of this may ever run.
    let mut session = home
        .session()
        .script([script::calls_all(calls), script::says("done")])
        .with(|builder| builder.approval(ApprovalMode::Deny))
        .start()
        .await;
    let transcript = session.run("go").await;
    for ((rule, command), text) in DANGEROUS.iter().zip(transcript.texts()) {
        let expected = format!("guard: refused by the rule \"{rule}\": ");
        assert!(text.starts_with(&expected), "{command}: {text}");
    }
    assert_eq!(transcript.outcome.refused, [], "the approver had to refuse");
    assert_eq!(transcript.outcome.exit_code(), 0);
    let shown = session.run("/guard").await.outcome.text;
    assert!(shown.starts_with("guard: 0 allowed, 9 refused, 2 model calls watched\n"), "{shown}");
    session.close().await;
    let decisions = audit(&home);
    assert_eq!(decisions.len(), DANGEROUS.len());
    for (decision, (rule, command)) in decisions.iter().zip(DANGEROUS) {
        assert_eq!(decision["decision"], "refused");
        assert_eq!(decision["rule"], rule);
        assert_eq!(decision["command"], command);
    }
}

async fn guard_lets_harmless_commands_pass(backend: BackendKind) {
    let home = Home::new();
    home.install(backend, "guard");
    let lines = [script::calls("bash", json!({ "command": "echo 'rm -rf' > said" })), script::says("done")];
    let mut session = home.session().script(lines).start().await;
    assert_eq!(session.run("go").await.outcome.text, "done");
    session.close().await;
    assert_eq!(std::fs::read_to_string(home.project().join("said")).unwrap(), "rm -rf\n");
    let decisions = audit(&home);
    assert_eq!(decisions.len(), 1);
    assert_eq!(decisions[0]["decision"], "allowed");
}
