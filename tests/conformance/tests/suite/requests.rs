//! What extensions ask of the host on their own initiative: texts, panels, prompts.

use serde_json::{Value, json};
use wharf_conformance::scenarios;
use wharf_runtime::ports::event::AgentEvent;
use wharf_test_support::{BackendKind, Home, Session, script};

scenarios! {
    texts_reach_the_faces_and_are_harmless => RequestDisplay, RequestInsert, RequestStatus, RequestIsHarmless;
    without_a_ui_it_is_said_so => RequestWithoutUi;
    a_panel_has_keys_and_is_its_owners_alone
        => RequestOpenPanel, EventPanelKey, EventPanelClose, PanelRender, RequestIsHarmless;
    a_prompt_is_submitted_and_taken_up => RequestSubmit;
    nobody_talks_to_itself_all_night => RequestSubmitDepth;
}

pub(crate) fn order(order: Value) -> String {
    format!("call desk {order}")
}

/// A session with the desk.
pub(crate) async fn at(home: &Home, backend: BackendKind, ui: bool) -> Session {
    home.install(backend, "desk");
    home.session().with(|builder| builder.ui(ui)).start().await
}

/// What the desk says came of an order.
pub(crate) async fn ask(session: &mut Session, what: Value) -> String {
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
