//! Commands: every outcome, outside of a terminal UI.

use wharf_conformance::scenarios;
use wharf_protocol::notice::Level;
use wharf_runtime::Status;
use wharf_runtime::ports::event::AgentEvent;
use wharf_test_support::{BackendKind, Home, Session, Transcript, script};

scenarios! {
    command_displays => CommandDisplay;
    command_asks_the_model => CommandPrompt;
    command_without_ui_says_so => CommandWithoutUi;
    command_with_a_ui_inserts_and_opens => CommandInsert, CommandOpenPanel;
    command_does_nothing => CommandNoop;
    command_fails => CommandError;
    command_notifies => RequestNotify;
    unknown_command_goes_to_the_model => CommandUnknown;
}

async fn probe(backend: BackendKind, prompt: &str) -> (Transcript, Home, Session) {
    let home = Home::new();
    home.install(backend, "probe");
    let mut session = home.session().script([script::says("the model answers")]).start().await;
    let transcript = session.run(prompt).await;
    (transcript, home, session)
}

async fn command_displays(backend: BackendKind) {
    let (transcript, _home, session) = probe(backend, "/probe display").await;
    assert_eq!(transcript.outcome.status, Status::Ok);
    assert_eq!(transcript.outcome.text, "probe displays");
    let shown = transcript.events.iter().find_map(|event| match event {
        AgentEvent::ExtDisplay { extension, text, .. } => Some((extension.as_str(), text.as_str())),
        _ => None,
    });
    assert_eq!(shown, Some(("probe", "probe displays")));
    assert_eq!(transcript.events.last(), Some(&AgentEvent::Done));
    assert!(session.messages().await.is_empty(), "a command alone is no part of the transcript");
    session.close().await;
}

async fn command_asks_the_model(backend: BackendKind) {
    let (transcript, _home, session) = probe(backend, "/probe prompt").await;
    assert_eq!(transcript.outcome.text, "the model answers");
    assert_eq!(transcript.user_texts(), ["probe asks"]);
    session.close().await;
}

async fn command_without_ui_says_so(backend: BackendKind) {
    for (word, what) in [("insert", "insert text into the editor"), ("panel", "open a panel")] {
        let (transcript, _home, session) = probe(backend, &format!("/probe {word}")).await;
        let expected = format!("extension \"probe\": command /probe wants to {what}: there is no UI here");
        assert_eq!(transcript.outcome.status, Status::Failed(expected.clone()));
        assert_eq!(transcript.outcome.exit_code(), 1);
        assert!(transcript.events.contains(&AgentEvent::Error { message: expected }));
        session.close().await;
    }
}

async fn command_with_a_ui_inserts_and_opens(backend: BackendKind) {
    let home = Home::new();
    home.install(backend, "probe");
    let mut session = home.session().with(|builder| builder.ui(true)).start().await;
    let inserted = session.run("/probe insert").await;
    assert_eq!(inserted.outcome.status, Status::Ok);
    let text = inserted.events.iter().find_map(|event| match event {
        AgentEvent::ExtInsert { extension, text } => Some((extension.as_str(), text.as_str())),
        _ => None,
    });
    assert_eq!(text, Some(("probe", "probe inserts")));
    let opened = session.run("/probe panel").await;
    assert_eq!(opened.outcome.status, Status::Ok);
    let panel = opened.events.iter().find_map(|event| match event {
        AgentEvent::ExtPanel { panel, .. } => Some(panel.clone()),
        _ => None,
    });
    let panel = panel.expect("a panel");
    assert_eq!((panel.id.as_str(), panel.title.as_str(), panel.footer.as_str()), ("probe", "Probe", "end"));
    assert_eq!(panel.lines, ["one", "two"]);
    session.close().await;
}

async fn command_does_nothing(backend: BackendKind) {
    let (transcript, _home, session) = probe(backend, "/probe noop").await;
    assert_eq!(transcript.outcome.status, Status::Ok);
    assert_eq!(transcript.outcome.text, "");
    assert_eq!(transcript.events, [AgentEvent::Done]);
    session.close().await;
}

async fn command_fails(backend: BackendKind) {
    let (transcript, _home, session) = probe(backend, "/probe error").await;
    let expected = "extension \"probe\": command /probe: probe error".to_owned();
    assert_eq!(transcript.outcome.status, Status::Failed(expected));
    assert_eq!(transcript.outcome.exit_code(), 1);
    session.close().await;
}

async fn command_notifies(backend: BackendKind) {
    let (transcript, _home, session) = probe(backend, "/probe notify").await;
    let notice = transcript.events.iter().find_map(|event| match event {
        // A component that is compiled for the first time on a busy machine has the host say so.
        AgentEvent::ExtNotify { extension, level, message } if !message.contains("compiled") => {
            Some((extension.as_str(), *level, message.as_str()))
        }
        _ => None,
    });
    assert_eq!(notice, Some(("probe", Level::Warn, "probe notifies")));
    session.close().await;
}

async fn unknown_command_goes_to_the_model(backend: BackendKind) {
    let (transcript, _home, session) = probe(backend, "/prob display").await;
    assert_eq!(transcript.outcome.text, "the model answers");
    assert_eq!(transcript.user_texts(), ["/prob display"]);
    session.close().await;
}
