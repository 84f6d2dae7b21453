//! Extensions that are dropped into the directory, taken away or changed while the agent runs.

use wharf_conformance::scenarios;
use wharf_runtime::WatchMode;
use wharf_runtime::ports::event::AgentEvent;
use wharf_test_support::{BackendKind, Home, Session, script};

use crate::reload::{make, tools};

scenarios! {
    what_is_dropped_in_docks_and_what_is_taken_away_undocks => WatchDocks;
    what_is_dropped_in_waits_for_the_end_of_the_prompt => WatchWaits;
    what_has_changed_is_told_and_not_loaded => WatchTells;
    what_its_author_changes_is_loaded_anew => WatchAuthor;
    what_is_broken_is_told_and_the_one_before_stays => ReloadFails;
    what_was_named_for_one_run_is_loaded_anew_too => WatchAuthor;
    another_directory_of_the_same_name_is_watched_too => WatchDirectory;
    a_bare_component_docks_and_undocks in component => WatchDocks;
}

async fn watching(home: &Home, mode: WatchMode) -> Session {
    home.session().with(|builder| builder.watch(mode)).start().await
}

/// Waits for a reload in which exactly these were loaded and stopped.
async fn reloaded(session: &mut Session, loaded: &[&str], stopped: &[&str]) {
    let told = session
        .until(&format!("a reload of {loaded:?} for {stopped:?}"), |event| match event {
            AgentEvent::ExtReloaded { loaded, stopped, errors } => {
                Some((loaded.clone(), stopped.clone(), errors.clone()))
            }
            _ => None,
        })
        .await;
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(told, (names(loaded), names(stopped), Vec::new()));
    session.forget();
}

async fn noticed(session: &mut Session, words: &str) {
    session
        .until(&format!("a notice: {words}"), |event| match event {
            AgentEvent::Notice { message, .. } => message.contains(words).then_some(()),
            _ => None,
        })
        .await;
}

async fn what_is_dropped_in_docks_and_what_is_taken_away_undocks(backend: BackendKind) {
    let home = Home::new();
    let mut session = watching(&home, WatchMode::Announce).await;
    let directory = make(&home, backend, "x", "weather");
    noticed(&mut session, "extension \"x\" was added; it docks when no prompt is in progress").await;
    reloaded(&mut session, &["x"], &[]).await;
    noticed(&mut session, "extension \"x\" has docked").await;
    assert_eq!(tools(&session), ["weather"]);
    std::fs::remove_dir_all(directory).unwrap();
    noticed(&mut session, "extension \"x\" was removed; it undocks when no prompt is in progress").await;
    reloaded(&mut session, &[], &["x"]).await;
    assert!(tools(&session).is_empty());
    session.close().await;
}

async fn a_bare_component_docks_and_undocks(_: BackendKind) {
    let home = Home::new();
    let mut session = watching(&home, WatchMode::Announce).await;
    let file = home.install_component("weather");
    reloaded(&mut session, &["weather"], &[]).await;
    assert_eq!(tools(&session), ["weather"]);
    std::fs::remove_file(file).unwrap();
    reloaded(&mut session, &[], &["weather"]).await;
    assert!(tools(&session).is_empty());
    session.close().await;
}

async fn what_is_dropped_in_waits_for_the_end_of_the_prompt(backend: BackendKind) {
    let home = Home::new();
    make(&home, backend, "x", "hostile");
    let file = home.data("x").join("go");
    let path = match backend {
        BackendKind::Component => "/data/go".to_owned(),
        BackendKind::Subprocess => file.display().to_string(),
    };
    let lines = [script::calls("hostile_wait", serde_json::json!({ "path": path })), script::says("done")];
    let session = home.session().script(lines).with(|builder| builder.watch(WatchMode::Announce));
    let mut session = session.start().await;
    let run = session.begin("go").await;
    session.until("the call", |event| matches!(event, AgentEvent::ExtNotify { .. }).then_some(())).await;
    make(&home, backend, "y", "weather");
    noticed(&mut session, "extension \"y\" was added").await;
    std::fs::write(file, "").unwrap();
    let transcript = session.finish(run).await;
    assert_eq!(transcript.texts(), ["waited"]);
    let end = transcript.events.iter().position(|event| *event == AgentEvent::Done).unwrap();
    let early = transcript.events[..end].iter().any(|event| matches!(event, AgentEvent::ExtReloaded { .. }));
    assert!(!early, "it docked in the middle of a prompt");
    if !transcript.events.iter().any(|event| matches!(event, AgentEvent::ExtReloaded { .. })) {
        reloaded(&mut session, &["y"], &[]).await;
    }
    assert!(tools(&session).contains(&"weather".to_owned()));
    session.close().await;
}

async fn what_has_changed_is_told_and_not_loaded(backend: BackendKind) {
    let home = Home::new();
    make(&home, backend, "x", "hostile");
    let mut session = watching(&home, WatchMode::Announce).await;
    make(&home, backend, "x", "weather");
    noticed(&mut session, "extension \"x\" has changed; /reload-ext x loads it anew").await;
    assert!(tools(&session).contains(&"hostile_echo".to_owned()));
    assert_eq!(session.run("/reload-ext x").await.outcome.text, "reloaded: 1 stopped, 1 loaded (1 ready)");
    assert!(!tools(&session).contains(&"hostile_echo".to_owned()));
    session.close().await;
}

async fn what_its_author_changes_is_loaded_anew(backend: BackendKind) {
    let home = Home::new();
    make(&home, backend, "x", "hostile");
    let mut session = watching(&home, WatchMode::Reload).await;
    // Written again with the same content, which is no change.
    make(&home, backend, "x", "hostile");
    make(&home, backend, "z", "hostile");
    reloaded(&mut session, &["z"], &[]).await;
    make(&home, backend, "x", "weather");
    reloaded(&mut session, &["x"], &["x"]).await;
    assert!(tools(&session).contains(&"weather".to_owned()));
    session.close().await;
}

async fn what_is_broken_is_told_and_the_one_before_stays(backend: BackendKind) {
    let home = Home::new();
    let directory = make(&home, backend, "x", "weather");
    let mut session = watching(&home, WatchMode::Reload).await;
    std::fs::write(directory.join("extension.json"), "{").unwrap();
    noticed(&mut session, "extension.json").await;
    assert!(tools(&session).contains(&"weather".to_owned()));
    session.close().await;
}

/// As those who write extensions have it: one extension, which lies anywhere.
async fn what_was_named_for_one_run_is_loaded_anew_too(backend: BackendKind) {
    let (home, elsewhere) = (Home::new(), Home::new());
    let directory = make(&elsewhere, backend, "x", "hostile");
    let session =
        home.session().with(|builder| builder.extension(&directory).discover(false).watch(WatchMode::Reload));
    let mut session = session.start().await;
    make(&elsewhere, backend, "x", "weather");
    reloaded(&mut session, &["x"], &["x"]).await;
    assert_eq!(tools(&session), ["weather"]);
    session.close().await;
}

async fn another_directory_of_the_same_name_is_watched_too(backend: BackendKind) {
    let home = Home::new();
    let directory = make(&home, backend, "x", "hostile");
    let mut session = watching(&home, WatchMode::Reload).await;
    std::fs::remove_dir_all(directory).unwrap();
    make(&home, backend, "x", "hostile");
    // When this one is there, the other has been looked at.
    make(&home, backend, "n", "hello");
    reloaded(&mut session, &["n"], &[]).await;
    make(&home, backend, "x", "weather");
    reloaded(&mut session, &["x"], &["x"]).await;
    session.close().await;
}
