//! Arguments, schemas and results that are too deep, or do not fit.

use wharf_runtime::Status;
use wharf_test_support::Session;
use wharf_test_support::wat::{Export, Guest};

use crate::scenario::{goes_on, home};

/// Arrays inside each other.
fn deep(levels: usize) -> String {
    format!("{}{}", "[".repeat(levels), "]".repeat(levels))
}

async fn good_answers(session: &mut Session) {
    let transcript = session.run("call good {}").await;
    assert_eq!(transcript.outcome.status, Status::Ok);
    assert_eq!(transcript.texts(), ["good answers"]);
}

/// Calls the tool with the arguments; what the model is told.
async fn called_with(guest: Guest, args: &str) -> Vec<String> {
    let home = home(&guest.encode());
    let mut session = home.session().start().await;
    let transcript = session.run(&format!("call bad {args}")).await;
    assert_eq!(transcript.problems(), Vec::<String>::new());
    assert!(transcript.results().iter().all(|(output, _)| output.is_error), "{transcript:?}");
    let mut told = transcript.texts();
    told.extend(transcript.outcome.error().map(str::to_owned));
    good_answers(&mut session).await;
    session.close().await;
    told
}

/// A tool that must not be reached.
fn unreached() -> Guest {
    Guest::new("bad").on(Export::Tool, "unreachable")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endlessly_nested() {
    let told = called_with(unreached(), &format!("{{\"a\":{}}}", deep(100_000))).await;
    assert!(told.iter().any(|text| text.contains("nested deeper than 64 levels")), "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_the_wrong_type() {
    let schema = r#"{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}"#;
    let told = called_with(unreached().schema(schema), r#"{"city":3}"#).await;
    assert!(told[0].starts_with("the arguments of \"bad\" do not fit its schema: at /city: "), "{told:?}");
}

/// A guest whose schema is none is let in without its tool, and told so.
async fn left_out(schema: String, cause: &str) {
    let home = home(&unreached().schema(schema).encode());
    let mut session = home.session().start().await;
    let problem = session.problem(&["extension \"bad\"", "bad", cause]).await;
    assert!(problem.contains(": register: ") || problem.contains("left out"), "{problem}");
    assert!(problem.contains("; "), "no next step: {problem}");
    assert_eq!(session.run("call bad {}").await.texts(), ["unknown tool \"bad\""]);
    good_answers(&mut session).await;
    session.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schema_that_is_no_json() {
    left_out("{type:object}".to_owned(), "the schema of tool \"bad\" is not JSON: ").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schema_that_is_no_schema() {
    left_out(r#"{"type":"kettle"}"#.to_owned(), "its schema: ").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schema_without_end() {
    left_out(format!("{{\"enum\":{}}}", deep(20_000)), "its schema: it is nested deeper than 64 levels")
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn huge_schema_without_end() {
    left_out(format!("{{\"enum\":{}}}", deep(100_000)), "its schema: it has 200009 bytes, 65536 are allowed")
        .await;
}

/// A result is text to the host, however deep it is; it is cut off where it is too long.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn result_without_end() {
    let guest = Guest::new("bad").returns(Export::Tool, |memory| memory.output(deep(100_000)));
    let home = home(&guest.encode());
    let lines = [
        wharf_test_support::script::calls("bad", serde_json::json!({})),
        wharf_test_support::script::calls("good", serde_json::json!({})),
        wharf_test_support::script::says("done"),
    ];
    let mut session = home.session().script(lines).start().await;
    let transcript = session.run("go").await;
    goes_on(&transcript);
    assert_eq!(transcript.texts()[0].len(), 200_000);
    session.close().await;
}
