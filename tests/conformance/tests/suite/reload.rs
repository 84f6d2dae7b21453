//! Extensions that are loaded anew while the agent runs. The extension `x` is made of one guest, then of another.

use std::path::PathBuf;

use serde_json::json;
use wharf_conformance::scenarios;
use wharf_runtime::Status;
use wharf_runtime::extensions::State;
use wharf_runtime::ports::event::AgentEvent;
use wharf_test_support::{BackendKind, Home, Session, guests};

scenarios! {
    a_reload_picks_up_what_is_there_now => ReloadLoads;
    a_version_that_cannot_start_leaves_the_one_before => ReloadFails;
    what_was_added_docks_and_what_was_removed_undocks => ReloadFinds;
    what_sleeps_is_replaced_and_sleeps_on => ReloadAsleep;
}

pub(crate) const DONE: &str = "reloaded: 1 stopped, 1 loaded (1 ready)";

/// Makes `x` of this guest, whatever it was made of before.
pub(crate) fn make(home: &Home, backend: BackendKind, name: &str, guest: &str) -> PathBuf {
    let directory = home.extensions().join(name);
    std::fs::create_dir_all(&directory).unwrap();
    let (program, manifest) = match backend {
        BackendKind::Component => {
            let file = format!("{guest}.wasm");
            (guests::component(guest), json!({ "name": name, "version": "1.0.0", "wasm": file }))
        }
        BackendKind::Subprocess => (
            guests::program(guest),
            json!({ "name": name, "version": "1.0.0", "exec": format!("./{guest}") }),
        ),
    };
    let to = directory.join(program.file_name().unwrap());
    if !to.exists() {
        // A program that is still open for writing cannot be started: a link where there can be one.
        std::fs::hard_link(&program, &to).or_else(|_| std::fs::copy(&program, &to).map(drop)).unwrap();
    }
    std::fs::write(directory.join("extension.json"), manifest.to_string()).unwrap();
    directory
}

pub(crate) fn tools(session: &Session) -> Vec<String> {
    let all = session.wharf().tools();
    all.iter().map(|tool| tool.name.clone()).filter(|name| name != "bash" && name != "read").collect()
}

fn state(session: &Session, name: &str) -> Option<State> {
    let all = session.wharf().extensions();
    all.into_iter().find(|listing| listing.name == name).map(|listing| listing.state)
}

async fn a_reload_picks_up_what_is_there_now(backend: BackendKind) {
    let home = Home::new();
    make(&home, backend, "x", "hostile");
    let mut session = home.session().start().await;
    assert!(tools(&session).contains(&"hostile_echo".to_owned()));
    make(&home, backend, "x", "weather");
    let transcript = session.run("/reload-ext x").await;
    assert_eq!((transcript.outcome.text.as_str(), &transcript.outcome.status), (DONE, &Status::Ok));
    let told = AgentEvent::ExtReloaded {
        loaded: vec!["x".to_owned()],
        stopped: vec!["x".to_owned()],
        errors: Vec::new(),
    };
    // A slow machine also tells that it compiles.
    let events = transcript.events.iter().filter(|event| !matches!(event, AgentEvent::ExtNotify { .. }));
    assert_eq!(events.collect::<Vec<_>>(), [&told, &AgentEvent::Done]);
    assert_eq!(tools(&session), ["weather"]);
    let weather = session.run("/weather Berlin").await;
    assert!(weather.outcome.text.contains("Berlin"), "{weather:?}");
    session.close().await;
}

async fn a_version_that_cannot_start_leaves_the_one_before(backend: BackendKind) {
    let home = Home::new();
    let directory = make(&home, backend, "x", "weather");
    let mut session = home.session().start().await;
    let bad = [
        (json!({ "name": "x", "exec": "./nothing" }).to_string(), "nothing"),
        (json!({ "name": "x", "wasm": "nothing.wasm" }).to_string(), "nothing.wasm"),
        ("{\"name\":".to_owned(), "manifest: "),
    ];
    for (manifest, why) in bad {
        std::fs::write(directory.join("extension.json"), manifest).unwrap();
        let transcript = session.run("/reload-ext").await;
        let text = &transcript.outcome.text;
        assert!(text.starts_with("reloaded: 0 stopped, 0 loaded (0 ready), 1 error(s)\n"), "{text}");
        assert!(text.contains(why) && text.ends_with("→ the one before stays"), "{text}");
        assert_eq!(transcript.outcome.exit_code(), 1);
        assert_eq!(state(&session, "x"), Some(State::Running));
        let weather = session.run("/weather Berlin").await;
        assert!(weather.outcome.text.contains("Berlin"), "{weather:?}");
    }
    let unknown = session.run("/reload-ext y").await;
    assert!(unknown.outcome.text.contains("there is no extension \"y\""), "{unknown:?}");
    session.close().await;
}

async fn what_was_added_docks_and_what_was_removed_undocks(backend: BackendKind) {
    let home = Home::new();
    let removed = make(&home, backend, "x", "hostile");
    let mut session = home.session().start().await;
    std::fs::remove_dir_all(removed).unwrap();
    make(&home, backend, "y", "weather");
    let transcript = session.run("/reload-ext").await;
    assert_eq!(transcript.outcome.text, DONE);
    assert_eq!(tools(&session), ["weather"]);
    assert_eq!(state(&session, "x"), None);
    session.close().await;
}

/// Its manifest tells all that it registers.
async fn what_sleeps_is_replaced_and_sleeps_on(backend: BackendKind) {
    let home = Home::new();
    home.install(backend, "weather");
    let mut session = home.session().start_at_once().await;
    session.wharf().ready().await;
    assert_eq!(session.run("/reload-ext weather").await.outcome.text, DONE);
    assert_eq!(state(&session, "weather"), Some(State::Asleep));
    let weather = session.run("/weather Berlin").await;
    assert!(weather.outcome.text.contains("Berlin"), "{weather:?}");
    session.close().await;
}
