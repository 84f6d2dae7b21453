//! What is on the screen: several panels, their number, and what becomes of it all when the extension is lost.

use serde_json::json;
use wharf_conformance::scenarios;
use wharf_runtime::extensions::ExtensionId;
use wharf_runtime::ports::event::AgentEvent;
use wharf_test_support::{BackendKind, Home, Session, script};

scenarios! {
    two_panels_are_told_apart => PanelsSeveral, PanelClosedByOwner;
    eight_panels_are_the_most => PanelsAtMost;
    the_screen_of_a_lost_extension_is_cleared => PanelsGone, StatusGone;
    a_version_on_trial_has_no_screen_yet => ReloadScreen, ReloadScreenFails;
    a_version_that_lost_its_place_has_no_screen_any_more => ReloadScreenSwap;
    sixty_texts_are_shown_at_once => RequestDisplayRate;
}

fn desk() -> ExtensionId {
    ExtensionId::new("desk").unwrap()
}

async fn at(home: &Home, backend: BackendKind) -> Session {
    home.install(backend, "desk");
    home.session().with(|builder| builder.ui(true)).start().await
}

async fn ask(session: &mut Session, what: serde_json::Value) -> String {
    session.run(&format!("call desk {what}")).await.outcome.text
}

async fn two_panels_are_told_apart(backend: BackendKind) {
    let home = Home::new();
    let mut session = at(&home, backend).await;
    for id in ["a", "b"] {
        assert_eq!(ask(&mut session, json!({ "do": "open", "panel": id, "lines": [id] })).await, "done");
    }
    let drawn = session.run(r#"call desk {"do":"render","panel":"a","lines":["anew"]}"#).await;
    let drawn = drawn.events.iter().find_map(|event| match event {
        AgentEvent::ExtPanel { panel, .. } => Some((panel.id.clone(), panel.lines.clone())),
        _ => None,
    });
    assert_eq!(drawn, Some(("a".to_owned(), vec!["anew".to_owned()])));
    assert!(session.wharf().panel_key(&desk(), "b", "enter", ""));
    let closed = session.run(r#"call desk {"do":"close","panel":"a"}"#).await;
    let is_closed = |event: &AgentEvent| matches!(event, AgentEvent::ExtPanelClosed { id, .. } if id == "a");
    assert!(closed.events.iter().any(is_closed), "{:#?}", closed.events);
    assert!(!session.wharf().panel_key(&desk(), "a", "enter", ""), "it is closed");
    assert!(session.wharf().panel_key(&desk(), "b", "down", ""), "it is open still");
    let heard = ask(&mut session, json!({ "do": "heard" })).await;
    assert!(heard.contains("key b enter ") && heard.contains("key b down "), "{heard}");
    assert!(!heard.contains("key a"), "{heard}");
    session.close().await;
}

async fn eight_panels_are_the_most(backend: BackendKind) {
    let home = Home::new();
    let mut session = at(&home, backend).await;
    for id in 1..=8 {
        assert_eq!(ask(&mut session, json!({ "do": "open", "panel": id.to_string() })).await, "done", "{id}");
    }
    let one_more = ask(&mut session, json!({ "do": "open", "panel": "9" })).await;
    assert_eq!(one_more, "error: 8 panels are open already");
    assert_eq!(ask(&mut session, json!({ "do": "open", "panel": "8" })).await, "done", "it is open already");
    assert_eq!(ask(&mut session, json!({ "do": "close", "panel": "1" })).await, "done");
    assert_eq!(ask(&mut session, json!({ "do": "open", "panel": "9" })).await, "done", "there is room again");
    session.close().await;
}

async fn the_screen_of_a_lost_extension_is_cleared(backend: BackendKind) {
    let home = Home::new();
    let mut session = at(&home, backend).await;
    assert_eq!(ask(&mut session, json!({ "do": "status", "text": "busy" })).await, "done");
    for id in ["a", "b"] {
        assert_eq!(ask(&mut session, json!({ "do": "open", "panel": id })).await, "done");
    }
    let run = session.begin(r#"call desk {"do":"abort"}"#).await;
    for id in ["a", "b"] {
        let closed = |event: &AgentEvent| {
            matches!(event, AgentEvent::ExtPanelClosed { id: closed, .. } if closed == id).then_some(())
        };
        session.until("the end of a panel", closed).await;
    }
    let cleared = |event: &AgentEvent| {
        matches!(event, AgentEvent::ExtStatus { text, .. } if text.is_empty()).then_some(())
    };
    session.until("the end of the status", cleared).await;
    session.finish(run).await;
    assert!(!session.wharf().panel_key(&desk(), "a", "enter", ""));
    assert_eq!(ask(&mut session, json!({ "do": "open", "panel": "a" })).await, "done", "its next start");
    session.close().await;
}

/// What extensions drew, in order, a word each.
fn drawn(events: &[AgentEvent]) -> Vec<String> {
    let words = events.iter().filter_map(|event| match event {
        AgentEvent::ExtStatus { text, .. } => Some(format!("status {text}")),
        AgentEvent::ExtPanel { panel, .. } => Some(format!("panel {} {}", panel.id, panel.lines.join(" "))),
        AgentEvent::ExtPanelClosed { id, .. } => Some(format!("closed {id}")),
        AgentEvent::ExtInsert { text, .. } => Some(format!("insert {text}")),
        AgentEvent::ExtDisplay { text, is_outcome: false, .. } => Some(format!("display {text}")),
        AgentEvent::ExtNotify { message, .. } => Some(format!("notify {message}")),
        _ => None,
    });
    words.collect()
}

/// What the guest does at its next start.
fn open_with(home: &Home, orders: &[serde_json::Value]) {
    let lines: String = orders.iter().map(|order| format!("{order}\n")).collect();
    std::fs::create_dir_all(home.data("desk")).unwrap();
    std::fs::write(home.data("desk").join("opening"), lines).unwrap();
}

async fn a_version_on_trial_has_no_screen_yet(backend: BackendKind) {
    let home = Home::new();
    let mut session = at(&home, backend).await;
    assert_eq!(ask(&mut session, json!({ "do": "status", "text": "old" })).await, "done");
    assert_eq!(ask(&mut session, json!({ "do": "open", "panel": "a", "lines": ["old"] })).await, "done");
    let orders = [
        json!({ "do": "notify", "text": "hello" }),
        json!({ "do": "status", "text": "new" }),
        json!({ "do": "open", "panel": "a", "lines": ["new"] }),
        json!({ "do": "render", "panel": "a", "lines": ["newer"] }),
        json!({ "do": "insert", "text": "words" }),
        json!({ "do": "display", "text": "text" }),
        json!({ "do": "submit", "text": "call desk {\"do\":\"heard\"}" }),
    ];
    let with_failure: Vec<_> = orders.iter().cloned().chain([json!({ "do": "fail" })]).collect();
    open_with(&home, &with_failure);
    let failed = session.run("/reload-ext desk").await;
    assert!(failed.outcome.text.contains("→ the one before stays"), "{failed:?}");
    assert_eq!(drawn(&failed.events), ["notify (on trial) hello"]);
    assert!(session.wharf().panel_key(&desk(), "a", "enter", ""), "the panel of the one before is open");

    open_with(&home, &orders);
    let replaced = session.run("/reload-ext desk").await;
    assert!(replaced.outcome.text.contains("1 loaded"), "{replaced:?}");
    let expected = [
        "notify (on trial) hello",
        "closed a",
        "status ",
        "status new",
        "panel a new",
        "panel a newer",
        "insert words",
        "display text",
    ];
    assert_eq!(drawn(&replaced.events), expected);
    let submitted = |event: &AgentEvent| matches!(event, AgentEvent::UserMessage { .. }).then_some(());
    if !replaced.events.iter().any(|event| submitted(event).is_some()) {
        session.until("what it submitted", submitted).await;
    }
    session.close().await;
}

async fn a_version_that_lost_its_place_has_no_screen_any_more(backend: BackendKind) {
    let home = Home::new();
    let lines = [script::calls("desk", json!({ "do": "linger" })), script::says("done")];
    home.install(backend, "desk");
    let session = home.session().script(lines).with(|builder| builder.ui(true));
    let mut session = session.start().await;
    let run = session.begin("go").await;
    let lingers = |event: &AgentEvent| matches!(event, AgentEvent::ExtPanel { .. }).then_some(());
    session.until("the panel of the call", lingers).await;
    open_with(&home, &[json!({ "do": "status", "text": "new" }), json!({ "do": "open", "panel": "a" })]);
    let changes = session.wharf().reload(Some("desk")).await;
    assert!(changes.iter().all(|change| change.failure().is_none()), "{changes:?}");
    std::fs::write(home.data("desk").join("go"), "").unwrap();
    let transcript = session.finish(run).await;
    let answer = &transcript.texts()[0];
    assert!(answer.contains("has the screen"), "{answer}");
    let drawn = drawn(&transcript.events);
    assert_eq!(drawn.iter().rfind(|line| line.starts_with("status")).unwrap(), "status new");
    assert_eq!(drawn.iter().rfind(|line| line.contains(" a")).unwrap(), "panel a ");
    assert!(session.wharf().panel_key(&desk(), "a", "enter", ""), "the new one's is open");
    session.close().await;
}

/// One more comes with each second, so that it is not known how many of so many are shown.
async fn sixty_texts_are_shown_at_once(backend: BackendKind) {
    let home = Home::new();
    home.install(backend, "desk");
    let texts = (1..=150).map(|number| ("desk", json!({ "do": "display", "text": number.to_string() })));
    let mut session = home.session().script([script::calls_all(texts), script::says("done")]).start().await;
    let transcript = session.run("go").await;
    let texts = transcript.texts();
    assert!(texts[..60].iter().all(|text| text == "done"), "{texts:?}");
    let refused: Vec<&String> = texts.iter().filter(|text| *text != "done").collect();
    assert!(!refused.is_empty() && refused.iter().all(|text| text.starts_with("error: ")), "{refused:?}");
    let shown = transcript.events.iter().filter(|event| matches!(event, AgentEvent::ExtDisplay { .. }));
    assert_eq!(shown.count(), texts.len() - refused.len());
    session.close().await;
}
