//! Manifests inside of components: what is odd in them is told, and what is wrong leaves the component out.

use wharf_test_support::Home;
use wharf_test_support::wat::{Export, Guest};

use crate::scenario::home;

/// A guest with these manifests in it, and a tool that answers.
fn guest(manifests: &[&str]) -> Vec<u8> {
    let guest = Guest::new("bad").returns(Export::Tool, |memory| memory.output("bad answers"));
    manifests.iter().fold(guest, |guest, manifest| guest.manifest(manifest)).encode()
}

/// Starts it, and checks what is told and whether its tool is there; another extension answers in any case.
async fn told(home: Home, words: &[&str], answer: &str) {
    let mut session = home.session().start().await;
    let problem = session.problem(words).await;
    assert!(problem.contains("bad.wasm"), "{problem}");
    assert_eq!(session.run("call bad {}").await.texts(), [answer]);
    assert_eq!(session.run("call good {}").await.texts(), ["good answers"]);
    session.close().await;
}

const GONE: &str = "unknown tool \"bad\"";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_key() {
    let home = home(&guest(&[r#"{"name":"bad","desciption":"x"}"#]));
    let words = ["warning: ", "unknown key \"desciption\"", "did you mean \"description\"?"];
    told(home, &words, "bad answers").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_type() {
    let words =
        ["extension left out: manifest: ", "invalid type: integer `3`", "; mend it, or remove the extension"];
    told(home(&guest(&[r#"{"name":3}"#])), &words, GONE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_of_them() {
    let words = ["extension left out: ", "the component holds 2 manifests", "one is allowed"];
    told(home(&guest(&[r#"{"name":"bad"}"#, r#"{"name":"worse"}"#])), &words, GONE).await;
}

/// A name that is another extension's: only one of the two is started.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn name_of_another() {
    let home = home(&guest(&[r#"{"name":"good"}"#]));
    let mut session = home.session().start().await;
    let problem = session.problem(&["extension left out: ", "the name \"good\" is taken by "]).await;
    assert!(problem.ends_with("only that one is started: rename one of them"), "{problem}");
    session.close().await;
}

/// A name that is not the file's: the manifest's counts, and errors bear it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn name_of_its_own() {
    let bad = Guest::new("bad").on(Export::Tool, "unreachable").manifest(r#"{"name":"other"}"#).encode();
    let home = home(&bad);
    let mut session = home.session().start().await;
    let transcript = session.run("call bad {}").await;
    let problems = transcript.problems();
    assert!(problems[0].starts_with("extension \"other\": tool bad: it trapped: "), "{problems:?}");
    session.close().await;
}
