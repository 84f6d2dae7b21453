//! The Python extension that is shipped, unchanged: no SDK, version 1 of the protocol.

use wharf_conformance::scenarios;
use wharf_test_support::{BackendKind, Home, guests, without_python};

scenarios! {
    notes_serves_tools_and_a_command in subprocess => SubprocessPython;
}

async fn notes_serves_tools_and_a_command(_: BackendKind) {
    if without_python() {
        return;
    }
    let home = Home::new();
    home.install_folder("notes", &guests::sources("notes"));
    let mut session = home.session().start().await;
    let transcript =
        session.run(r#"call add_note {"body":"  buy   milk "} call add_note {"body":"call Ada"}"#).await;
    assert_eq!(transcript.outcome.text, "stored note 1\nstored note 2");
    // It tidies what it stores by rewriting the call.
    assert_eq!(transcript.results()[0].1.unwrap().as_str(), r#"{"body":"buy milk"}"#);
    assert_eq!(transcript.results()[1].1, None);
    let listed = session.run("call list_notes").await;
    assert_eq!(listed.outcome.text, "1. buy milk\n2. call Ada");
    let shown = session.run("/notes").await;
    assert_eq!(shown.outcome.text, "1. buy milk\n2. call Ada\n(4 model calls so far)");
    assert_eq!(shown.problems(), Vec::<String>::new());
    session.close().await;
    assert!(home.log("notes").contains("stderr: event session_start"), "{}", home.log("notes"));
}
