//! The extension that shows commands: everything that can come of one.

use wharf_conformance::scenarios;
use wharf_runtime::Status;
use wharf_test_support::{BackendKind, Home, Session, Transcript, script};

scenarios! {
    hello_shows_asks_drafts_and_fails => ShippedHello, CommandDisplay, CommandPrompt, CommandError;
}

async fn hello_shows_asks_drafts_and_fails(backend: BackendKind) {
    let home = Home::new();
    home.install(backend, "hello");
    let mut session = home.session().script([script::says("Good morning, Ada.")]).start().await;

    assert_eq!(answered(&mut session, "/hello").await.outcome.text, "Hello!");
    assert_eq!(answered(&mut session, "/hello Ada").await.outcome.text, "Hello, Ada!");

    let asked = answered(&mut session, "/hello-ask Ada").await;
    assert_eq!(asked.user_texts(), ["Greet Ada in one sentence."]);
    assert_eq!(asked.outcome.text, "Good morning, Ada.");

    let no_editor = "command /hello-draft wants to insert text into the editor: there is no UI here";
    assert_eq!(failure(&mut session, "/hello-draft Ada").await, no_editor);
    assert_eq!(
        failure(&mut session, "/hello-draft").await,
        "command /hello-draft: whom? Usage: /hello-draft NAME"
    );
    assert_eq!(failure(&mut session, "/hello-ask").await, "command /hello-ask: whom? Usage: /hello-ask NAME");
    session.close().await;
}

async fn answered(session: &mut Session, prompt: &str) -> Transcript {
    let transcript = session.run(prompt).await;
    assert_eq!(transcript.outcome.status, Status::Ok, "{prompt}");
    assert_eq!(transcript.problems(), Vec::<String>::new(), "{prompt}");
    transcript
}

/// Why a prompt failed, without the extension's name.
async fn failure(session: &mut Session, prompt: &str) -> String {
    match session.run(prompt).await.outcome.status {
        Status::Failed(why) => why.strip_prefix("extension \"hello\": ").unwrap_or(&why).to_owned(),
        other => panic!("{prompt}: {other:?}"),
    }
}
