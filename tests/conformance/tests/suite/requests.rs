//! What extensions ask of the host on their own initiative: texts, panels, dialogs, prompts, the store.

use serde_json::{Value, json};
use wharf_conformance::scenarios;
use wharf_runtime::ports::event::AgentEvent;
use wharf_runtime::{Reply, Request};
use wharf_test_support::{BackendKind, Home, Session, script};

scenarios! {
    texts_reach_the_faces_and_are_harmless => RequestDisplay, RequestInsert, RequestStatus, RequestIsHarmless;
    without_a_ui_it_is_said_so => RequestWithoutUi;
    a_panel_has_keys_and_is_its_owners_alone
        => RequestOpenPanel, EventPanelKey, EventPanelClose, PanelRender, RequestIsHarmless;
    a_dialog_waits_for_the_user
        => RequestSelect, RequestConfirm, RequestInput, DialogDismissed, DialogDuringCalls;
    a_dialog_ends_with_its_call => DialogEndsWithCall;
    a_dialog_has_its_time => DialogHasTime;
    a_prompt_is_submitted_and_taken_up => RequestSubmit;
    nobody_talks_to_itself_all_night => RequestSubmitDepth;
    values_are_kept
        => RequestStoreGet, RequestStoreSet, RequestStoreDelete, RequestStoreKeys, StoreScopes, StoreLasts;
    limits_of_the_store_hold => StoreLimits;
    output_is_shown_while_a_tool_runs => ToolProgress;
    a_cancelled_call_is_told => ToolCancelled;
    a_call_knows_its_time => ToolKnowsItsTime;
    a_start_knows_its_occasion => StartOccasion;
}

fn order(order: Value) -> String {
    format!("call desk {order}")
}

async fn at(home: &Home, backend: BackendKind, ui: bool) -> Session {
    home.install(backend, "desk");
    home.session().with(|builder| builder.ui(ui)).start().await
}

/// What the desk says came of an order.
async fn ask(session: &mut Session, what: Value) -> String {
    session.run(&order(what)).await.outcome.text
}

async fn texts_reach_the_faces_and_are_harmless(backend: BackendKind) {
    let home = Home::new();
    let mut session = at(&home, backend, true).await;
    for what in ["display", "insert", "status"] {
        let transcript = session.run(&order(json!({ "do": what, "text": "a\u{1b}[2J\u{202e}b" }))).await;
        assert_eq!(transcript.outcome.text, "done", "{what}");
        let shown = transcript.events.iter().find_map(|event| match event {
            AgentEvent::ExtDisplay { extension, text, .. } if what == "display" => Some((extension, text)),
            AgentEvent::ExtInsert { extension, text } if what == "insert" => Some((extension, text)),
            AgentEvent::ExtStatus { extension, text } if what == "status" => Some((extension, text)),
            _ => None,
        });
        let (extension, text) = shown.unwrap_or_else(|| panic!("{what}: {:#?}", transcript.events));
        assert_eq!((extension.as_str(), text.as_str()), ("desk", "a\\u{1b}[2J\\u{202e}b"), "{what}");
    }
    session.close().await;
}

async fn without_a_ui_it_is_said_so(backend: BackendKind) {
    let home = Home::new();
    let mut session = at(&home, backend, false).await;
    for what in [
        json!({ "do": "insert", "text": "x" }),
        json!({ "do": "status", "text": "x" }),
        json!({ "do": "open", "panel": "p" }),
        json!({ "do": "select", "text": "?", "choices": ["a"] }),
        json!({ "do": "confirm", "text": "?" }),
        json!({ "do": "input", "text": "?" }),
    ] {
        assert_eq!(ask(&mut session, what.clone()).await, "error: there is no UI here", "{what}");
    }
    session.close().await;
}

async fn a_panel_has_keys_and_is_its_owners_alone(backend: BackendKind) {
    let home = Home::new();
    let mut session = at(&home, backend, true).await;
    let opened = session
        .run(&order(json!({ "do": "open", "panel": "p", "lines": ["one", "\u{1b}[31mtwo\u{7}"] })))
        .await;
    let panel = opened.events.iter().find_map(|event| match event {
        AgentEvent::ExtPanel { panel, .. } => Some(panel.clone()),
        _ => None,
    });
    let panel = panel.unwrap();
    assert_eq!(panel.title, "desk", "without a title it has the extension's name");
    assert_eq!(panel.lines, ["one", "\u{1b}[31mtwo\\u{7}"], "colours stay, nothing else does");

    let desk = "desk".to_owned().try_into().unwrap();
    let stranger = "stranger".to_owned().try_into().unwrap();
    assert!(session.wharf().panel_key(&desk, "p", "rune", "j"));
    assert!(!session.wharf().panel_key(&desk, "q", "rune", "j"));
    assert!(!session.wharf().panel_key(&stranger, "p", "rune", "j"));
    assert_eq!(ask(&mut session, json!({ "do": "render", "panel": "p", "lines": ["three"] })).await, "done");
    assert_eq!(ask(&mut session, json!({ "do": "render", "panel": "foreign" })).await, "done");
    assert!(session.wharf().close_panel(&desk, "p"));
    assert!(!session.wharf().close_panel(&desk, "p"));
    let heard = ask(&mut session, json!({ "do": "heard" })).await;
    assert!(heard.contains("key p rune j\n"), "{heard}");
    assert!(heard.contains("closed p"), "{heard}");
    session.close().await;
    assert!(home.log("desk").contains("it has no open panel \"foreign\""), "{}", home.log("desk"));
}

/// The number of the dialog that is open.
async fn dialog(session: &mut Session, fits: impl Fn(&Request) -> bool) -> u64 {
    session
        .until("a dialog", |event| match event {
            AgentEvent::ExtDialog { id, dialog, .. } if fits(dialog) => Some(*id),
            _ => None,
        })
        .await
}

async fn a_dialog_waits_for_the_user(backend: BackendKind) {
    let home = Home::new();
    let mut session = at(&home, backend, true).await;
    let cases = [
        (
            json!({ "do": "select", "text": "which?", "choices": ["a", "b"] }),
            Some(Reply::Choice { index: 1 }),
            "1",
        ),
        (json!({ "do": "confirm", "text": "sure?" }), Some(Reply::Confirmed { yes: true }), "yes"),
        (json!({ "do": "input", "text": "name?" }), Some(Reply::Text { text: "Ada".into() }), "Ada"),
        (json!({ "do": "input", "text": "name?" }), None, "error: the user gave no answer"),
        (json!({ "do": "select", "text": "?", "choices": [] }), None, "error: a dialog has 1 to 200 choices"),
    ];
    for (what, answer, expected) in cases {
        let run = session.begin(&order(what.clone())).await;
        if !expected.contains("choices") {
            let id = dialog(&mut session, |_| true).await;
            assert!(session.wharf().answer(id, answer));
            assert!(!session.wharf().answer(id, None), "it is answered already");
        }
        assert_eq!(session.finish(run).await.outcome.text, expected, "{what}");
    }
    // A command may ask as well as a tool.
    let run = session.begin(r#"/desk {"do":"confirm","text":"sure?"}"#).await;
    let id = dialog(&mut session, |dialog| matches!(dialog, Request::Confirm { .. })).await;
    assert!(session.wharf().answer(id, Some(Reply::Confirmed { yes: false })));
    assert_eq!(session.finish(run).await.outcome.text, "no");
    let heard = ask(&mut session, json!({ "do": "heard" })).await;
    assert!(heard.contains("no dialog at an event"), "{heard}");
    session.close().await;
}

async fn a_dialog_ends_with_its_call(backend: BackendKind) {
    let home = Home::new();
    let mut session = at(&home, backend, true).await;
    let run = session.begin(&order(json!({ "do": "confirm", "text": "sure?" }))).await;
    let open = dialog(&mut session, |_| true).await;
    run.cancel();
    let transcript = session.finish(run).await;
    assert_eq!(transcript.outcome.exit_code(), 130);
    let closed = |event: &AgentEvent| matches!(event, AgentEvent::ExtDialogClosed { id } if *id == open);
    if !transcript.events.iter().any(closed) {
        session.until("the end of the dialog", |event| closed(event).then_some(())).await;
    }
    assert!(!session.wharf().answer(open, Some(Reply::Confirmed { yes: true })));
    assert_eq!(ask(&mut session, json!({ "do": "display", "text": "on" })).await, "done", "it goes on");
    session.close().await;
}

/// While the user thinks, the call's deadline stands still.
async fn a_dialog_has_its_time(backend: BackendKind) {
    use std::time::Duration;
    use wharf_runtime::extensions::limits::Limits;
    let home = Home::new();
    home.install(backend, "desk");
    let mut limits = Limits::STANDARD;
    limits.standard.tool = Duration::from_millis(700);
    let mut session = home.session().with(|builder| builder.ui(true).limits(limits)).start().await;
    let run = session.begin(&order(json!({ "do": "confirm", "text": "sure?" }))).await;
    let id = dialog(&mut session, |_| true).await;
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert!(session.wharf().answer(id, Some(Reply::Confirmed { yes: true })));
    assert_eq!(session.finish(run).await.outcome.text, "yes");
    session.close().await;
}

async fn a_prompt_is_submitted_and_taken_up(backend: BackendKind) {
    let home = Home::new();
    home.install(backend, "desk");
    home.install(backend, "probe");
    let lines = [
        script::calls("desk", json!({ "do": "submit", "text": "more, please" })),
        script::says("first"),
        script::says("second"),
    ];
    let mut session = home.session().script(lines).start().await;
    session.begin("go").await;
    session
        .until("the answer to what was submitted", |event| match event {
            AgentEvent::UserMessage { content, .. } if content[0].as_text() == Some("more, please") => {
                Some(())
            }
            _ => None,
        })
        .await;
    session
        .until("its end", |event| {
            matches!(event, AgentEvent::TextDelta(text) if text == "second").then_some(())
        })
        .await;
    session.close().await;
}

async fn nobody_talks_to_itself_all_night(backend: BackendKind) {
    let home = Home::new();
    home.install(backend, "desk");
    let line = json!({ "text": "and on", "repeat": true }).to_string();
    let lines = [script::calls("desk", json!({ "do": "echo", "text": "again" })), line];
    let mut session = home.session().script(lines).start().await;
    session.begin("go").await;
    let refused = |event: &AgentEvent| match event {
        AgentEvent::ExtNotify { message, .. } if message.contains("too often") => Some(message.clone()),
        _ => None,
    };
    let why = session.until("the end of it", refused).await;
    assert_eq!(why, "extensions have set each other in motion too often");
    let prompts = session.forget_all(|event| matches!(event, AgentEvent::UserMessage { .. }));
    assert_eq!(
        prompts,
        1 + 4,
        "each prompt of an extension makes the next one deeper, and past four none is taken"
    );
    session.close().await;
}

async fn values_are_kept(backend: BackendKind) {
    let home = Home::new();
    let mut session = at(&home, backend, false).await;
    let set = |scope: &str, value: &str| json!({ "do": "set", "scope": scope, "key": "k", "value": value });
    for scope in ["user", "project", "session"] {
        let version = ask(&mut session, set(scope, scope)).await;
        assert!(version.starts_with('v'), "{version}");
        let found = ask(&mut session, json!({ "do": "get", "scope": scope, "key": "k" })).await;
        assert_eq!(found, format!("{scope} {version}"));
    }
    let stale = json!({ "do": "set", "key": "k", "value": "x", "expected": 999 });
    let text = ask(&mut session, stale).await;
    assert!(text.starts_with("error: the value has another version: "), "{text}");
    session.wharf().new_session().await;
    assert_eq!(ask(&mut session, json!({ "do": "get", "scope": "session", "key": "k" })).await, "absent");
    session.close().await;

    let mut session = home.session().start().await;
    let found = ask(&mut session, json!({ "do": "get", "scope": "user", "key": "k" })).await;
    assert!(found.starts_with("user v"), "another run: {found}");
    assert_eq!(ask(&mut session, json!({ "do": "keys" })).await, "k");
    assert_eq!(ask(&mut session, json!({ "do": "delete", "key": "k" })).await, "done");
    assert_eq!(ask(&mut session, json!({ "do": "get", "key": "k" })).await, "absent");
    session.close().await;
}

async fn limits_of_the_store_hold(backend: BackendKind) {
    let home = Home::new();
    let mut session = at(&home, backend, false).await;
    let long = json!({ "do": "set", "key": "k", "value": "x".repeat(300_000) });
    assert_eq!(ask(&mut session, long).await, "error: it has more than 262144 bytes");
    let nameless = json!({ "do": "set", "key": "", "value": "x" });
    assert_eq!(ask(&mut session, nameless).await, "error: a key has 1 to 256 bytes");
    assert_eq!(ask(&mut session, json!({ "do": "get", "key": "k" })).await, "absent");
    session.close().await;
}

async fn output_is_shown_while_a_tool_runs(backend: BackendKind) {
    let home = Home::new();
    let mut session = at(&home, backend, false).await;
    let transcript = session.run(&order(json!({ "do": "progress" }))).await;
    let pieces: Vec<&str> = transcript
        .events
        .iter()
        .filter_map(|event| match event {
            AgentEvent::ToolProgress { text, .. } => Some(text.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(pieces, ["one", "two"]);
    assert_eq!(transcript.outcome.text, "done");
    session.close().await;
}

async fn a_cancelled_call_is_told(backend: BackendKind) {
    let home = Home::new();
    let mut session = at(&home, backend, false).await;
    let run = session.begin(&order(json!({ "do": "wait" }))).await;
    session.until("the call", |event| matches!(event, AgentEvent::ToolCall { .. }).then_some(())).await;
    // It has begun when something else of it can be seen; a component's call is in the lane by then.
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    run.cancel();
    assert_eq!(session.finish(run).await.outcome.exit_code(), 130);
    let heard = ask(&mut session, json!({ "do": "heard" })).await;
    assert!(heard.contains("cancelled"), "it returned by itself and was not lost: {heard:?}");
    session.close().await;
}

async fn a_call_knows_its_time(backend: BackendKind) {
    let home = Home::new();
    let mut session = at(&home, backend, false).await;
    let left: u64 = ask(&mut session, json!({ "do": "remaining" })).await.parse().unwrap();
    assert!((50..=60).contains(&left), "{left}");
    session.close().await;
}

async fn a_start_knows_its_occasion(backend: BackendKind) {
    let home = Home::new();
    let mut session = at(&home, backend, false).await;
    assert_eq!(ask(&mut session, json!({ "do": "why" })).await, "first -");
    ask(&mut session, json!({ "do": "abort" })).await;
    let why = ask(&mut session, json!({ "do": "why" })).await;
    assert!(why.starts_with("recovered ") && !why.ends_with('-'), "{why}");
    session.run("/reload-ext desk").await;
    assert_eq!(ask(&mut session, json!({ "do": "why" })).await, "reloaded -");
    session.close().await;
}
