//! What version 2 of the protocol adds, with an extension that was written from docs/protocol.md alone: its hooks, and
//! what it asks of the host.

use serde_json::{Value, json};
use wharf_conformance::{Backends, Behaviour, Scenario};
use wharf_runtime::ports::event::AgentEvent;
use wharf_runtime::{Reply, Status};
use wharf_test_support::{Session, Transcript, script};

use crate::spoken::Spoken;

macro_rules! python {
    ($($scenario:ident),+ $(,)?) => {$(
        mod $scenario {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn python() {
                if let Some(it) = crate::spoken::Spoken::install("python2") {
                    super::$scenario(it).await;
                }
            }
        }
    )+};
}

/// What all of these show together.
pub(crate) const SCENARIOS: &[Scenario] = &[Scenario {
    path: module_path!(),
    backends: Backends::SUBPROCESS,
    shows: &[Behaviour::SubprocessVersion2],
}];

python!(
    docks_as_version_2,
    prompt_is_rewritten_refused_or_dealt_with,
    result_is_replaced,
    text_is_displayed,
    user_chooses,
    nobody_chooses_without_a_ui,
    value_is_kept,
    value_has_a_version,
    cancelled_call_is_told,
);

async fn at(it: &Spoken, ui: bool) -> Session {
    it.home.session().with(|builder| builder.ui(ui)).start().await
}

/// Calls one of its tools.
async fn call(session: &mut Session, tool: &str, args: Value) -> Transcript {
    session.run(&format!("call python2_{tool} {args}")).await
}

/// The one result, and whether it is an error.
fn result(transcript: &Transcript) -> (String, bool) {
    let results = transcript.results();
    let [(output, _)] = results.as_slice() else { panic!("one result was expected: {transcript:#?}") };
    (output.joined_text(), output.is_error)
}

async fn docks_as_version_2(it: Spoken) {
    let mut session = at(&it, true).await;
    assert_eq!(session.problems(), Vec::<String>::new());
    assert_eq!(session.wharf().extensions()[0].hooks, ["prompt", "tool_result"]);
    let transcript = call(&mut session, "told", json!({})).await;
    let expected = "version 2, a directory of its own, 0 cancelled";
    assert_eq!(result(&transcript), (expected.to_owned(), false));
    session.close().await;
    let log = it.home.log(it.name);
    assert!(!log.contains("skipped") && !log.contains("stderr"), "something of it was not understood: {log}");
}

async fn prompt_is_rewritten_refused_or_dealt_with(it: Spoken) {
    let mut session = it.home.session().script([script::says("well")]).start().await;
    let rewritten = session.run("the SECRET word").await;
    assert_eq!(rewritten.user_texts(), ["the [redacted] word"]);
    assert_eq!(rewritten.outcome.text, "well");
    let refused = session.run("a FORBIDDEN word").await;
    let why = "extension \"python2\" refused the prompt: python2 refuses the prompt".to_owned();
    assert_eq!(refused.outcome.status, Status::Refused(why));
    let dealt_with = session.run("!budget").await;
    assert_eq!(dealt_with.outcome.status, Status::Ok);
    assert_eq!(dealt_with.outcome.text, "in time");
    session.close().await;
}

async fn result_is_replaced(it: Spoken) {
    let lines = [
        script::calls("bash", json!({ "command": "echo the SECRET word; exit 3" })),
        script::calls("python2_keep", json!({ "key": "k", "value": "SECRET" })),
        script::says("read"),
    ];
    let mut session = it.home.session().script(lines).start().await;
    let transcript = session.run("go").await;
    let results = session.results().await;
    let text = results[0].output.joined_text();
    assert!(text.contains("the [redacted] word") && !text.contains("SECRET"), "{text}");
    assert!(results[0].output.is_error, "the command has failed, and that stays so: {text}");
    assert_eq!(results[1].output.joined_text(), "SECRET same", "it is not asked about this tool");
    assert_eq!(transcript.outcome.text, "read");
    assert_eq!(transcript.problems(), Vec::<String>::new());
    session.close().await;
}

async fn text_is_displayed(it: Spoken) {
    let mut session = at(&it, false).await;
    let transcript = call(&mut session, "show", json!({ "text": "look here" })).await;
    assert_eq!(result(&transcript), ("done".to_owned(), false));
    let shown = transcript.events.iter().find_map(|event| match event {
        AgentEvent::ExtDisplay { text, .. } => Some(text.as_str()),
        _ => None,
    });
    assert_eq!(shown, Some("look here"), "{:#?}", transcript.events);
    session.close().await;
}

async fn user_chooses(it: Spoken) {
    let mut session = at(&it, true).await;
    for (reply, expected) in
        [(Some(Reply::Choice { index: 1 }), ("blue", false)), (None, ("dismissed", true))]
    {
        session.forget();
        let run = session.begin(r#"call python2_choose {"choices":["red","blue"]}"#).await;
        let dialog = |event: &AgentEvent| match event {
            AgentEvent::ExtDialog { id, .. } => Some(*id),
            _ => None,
        };
        let id = session.until("the dialog", dialog).await;
        assert!(session.wharf().answer(id, reply), "the dialog is not open");
        let transcript = session.finish(run).await;
        assert_eq!(result(&transcript), (expected.0.to_owned(), expected.1));
        assert_eq!(progress(&transcript.events), ["asking"]);
    }
    session.close().await;
}

/// What a tool's output was while it ran.
fn progress(events: &[AgentEvent]) -> Vec<&str> {
    let pieces = events.iter().filter_map(|event| match event {
        AgentEvent::ToolProgress { text, .. } => Some(text.as_str()),
        _ => None,
    });
    pieces.collect()
}

async fn nobody_chooses_without_a_ui(it: Spoken) {
    let mut session = at(&it, false).await;
    let transcript = call(&mut session, "choose", json!({ "choices": ["red"] })).await;
    assert_eq!(result(&transcript), ("no_ui".to_owned(), true));
    session.close().await;
}

async fn value_is_kept(it: Spoken) {
    let mut session = at(&it, false).await;
    let absent = call(&mut session, "recall", json!({ "key": "k" })).await;
    assert_eq!(result(&absent), ("absent".to_owned(), false));
    let kept = call(&mut session, "keep", json!({ "key": "k", "value": "ä \"q\" 🙂" })).await;
    assert_eq!(result(&kept), ("ä \"q\" 🙂 same".to_owned(), false));
    session.close().await;

    let mut session = at(&it, false).await;
    let recalled = call(&mut session, "recall", json!({ "key": "k" })).await;
    assert_eq!(result(&recalled), ("ä \"q\" 🙂".to_owned(), false), "another run");
    session.close().await;
}

async fn value_has_a_version(it: Spoken) {
    let mut session = at(&it, false).await;
    let first = json!({ "key": "k", "value": "one", "expected": 0 });
    assert_eq!(result(&call(&mut session, "keep", first.clone()).await), ("one same".to_owned(), false));
    let (text, failed) = result(&call(&mut session, "keep", first).await);
    assert!(failed && text.starts_with("conflict version="), "{text}");
    let (text, failed) = result(&call(&mut session, "keep", json!({ "key": "", "value": "x" })).await);
    assert!(failed && text.starts_with("invalid message="), "{text}");
    session.close().await;
}

async fn cancelled_call_is_told(it: Spoken) {
    let mut session = at(&it, false).await;
    let run = session.begin("call python2_wait {}").await;
    let waiting = |event: &AgentEvent| matches!(event, AgentEvent::ToolProgress { .. }).then_some(());
    session.until("a sign of the call", waiting).await;
    run.cancel();
    assert_eq!(session.finish(run).await.outcome.exit_code(), 130);
    let transcript = call(&mut session, "told", json!({})).await;
    let (text, _) = result(&transcript);
    assert!(text.ends_with("1 cancelled"), "{text}");
    session.close().await;
}
