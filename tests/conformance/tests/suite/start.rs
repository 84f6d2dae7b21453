//! The start, what joins later, and the end.

use serde_json::json;
use wharf_conformance::scenarios;
use wharf_runtime::extensions::State;
use wharf_runtime::ports::event::AgentEvent;
use wharf_test_support::wat::{Export, Guest};
use wharf_test_support::{BackendKind, Home, script};

use crate::requests::{ask, at};

scenarios! {
    facts_are_told_at_the_start => StartFacts;
    a_start_knows_its_occasion => StartOccasion;
    a_start_that_fails_is_told => StartFails;
    late_hook_and_event_join => RegisterLateHook, RegisterLateEvent, HookTools;
    what_is_left_out_is_told in component => ComponentRegister;
    what_a_later_version_knows_is_told in component => ComponentLater;
    the_end_is_told => EndIsTold, EventSessionEnd;
}

async fn facts_are_told_at_the_start(backend: BackendKind) {
    let home = Home::new();
    home.install(backend, "desk");
    let mut session = home.session().start().await;
    let facts = session.run(r#"call desk {"do":"facts"}"#).await.outcome.text;
    assert_eq!(facts, format!("demo demo {}", home.project().display()));
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

/// A component's `init` may say no; a process has its last words.
async fn a_start_that_fails_is_told(backend: BackendKind) {
    let home = Home::new();
    match backend {
        BackendKind::Component => {
            let guest = Guest::new("moody").returns(Export::Init, |memory| memory.variant(1, "not today"));
            std::fs::write(home.extensions().join("moody.wasm"), guest.encode()).unwrap();
        }
        BackendKind::Subprocess => drop(home.install_shell("moody", "echo 'not today' >&2; exit 1\n")),
    }
    home.install(backend, "weather");
    let mut session = home.session().start().await;
    let problem = session.problem(&["extension \"moody\": start: ", "not today"]).await;
    assert!(problem.ends_with("see `wharf ext logs moody`"), "{problem}");
    let listings = session.wharf().extensions();
    let moody = listings.iter().find(|listing| listing.name == "moody").expect("it is listed");
    assert!(matches!(&moody.state, State::Failed(why) if why.contains("not today")), "{:?}", moody.state);
    assert!(session.run("/weather Berlin").await.outcome.text.contains("Berlin"));
    session.close().await;
    assert!(home.log("moody").contains("not today"), "{}", home.log("moody"));
}

async fn late_hook_and_event_join(backend: BackendKind) {
    let home = Home::new();
    home.install(backend, "desk");
    let bash = || script::calls("bash", json!({ "command": "true" }));
    let desk = |what: &str| script::calls("desk", json!({ "do": what }));
    let lines = [bash(), desk("heard"), desk("join"), bash(), desk("heard"), script::says("done")];
    let mut session = home.session().script(lines).start().await;
    let transcript = session.run("go").await;
    let texts = transcript.texts();
    assert!(!texts[1].contains("bash"), "it was told before it asked to be: {}", texts[1]);
    for line in ["told of bash", "asked about bash"] {
        assert_eq!(texts[4].lines().filter(|other| *other == line).count(), 1, "{line}: {}", texts[4]);
    }
    assert!(!texts[4].contains("asked about desk"), "it named bash alone: {}", texts[4]);
    assert_eq!(transcript.problems(), Vec::<String>::new());
    session.close().await;
}

async fn what_is_left_out_is_told(backend: BackendKind) {
    let home = Home::new();
    home.install(backend, "desk");
    let mut session = home.session().start().await;
    let transcript = session.run(r#"call desk {"do":"misfit"}"#).await;
    let told = &transcript.outcome.text;
    assert!(told.starts_with("error: tool \"no name\" is left out: "), "{told}");
    assert_eq!(session.wharf().extensions()[0].commands, ["desk", "fits"]);
    let problems = transcript.problems();
    assert!(problems[0].starts_with("extension \"desk\": register: tool \"no name\""), "{problems:?}");
    session.close().await;
}

/// A component that registers one event, or one hook, by a name that is of a later version.
fn of_a_later_version(name: &str, is_hook: bool) -> Vec<u8> {
    Guest::new(name)
        .returns(Export::Init, |memory| {
            let [at, length] = memory.string("moon_rise");
            let (events, hooks) = match is_hook {
                false => ([memory.words(&[13, at, length]), 1], [0, 0]),
                true => ([0, 0], [memory.words(&[6, at, length, 0, 0, 0]), 1]),
            };
            memory.words(&[0, 0, 0, 0, 0, events[0], events[1], hooks[0], hooks[1]])
        })
        .encode()
}

async fn what_a_later_version_knows_is_told(_: BackendKind) {
    let home = Home::new();
    for (name, is_hook) in [("watcher", false), ("guard", true)] {
        let wasm = of_a_later_version(name, is_hook);
        std::fs::write(home.extensions().join(format!("{name}.wasm")), wasm).unwrap();
    }
    let mut session = home.session().start().await;
    let hook = "extension \"guard\": register: it wants to be asked at the hook \"moon_rise\", which this version does not";
    session.problem(&[hook]).await;
    let notice = |event: &AgentEvent| match event {
        AgentEvent::ExtNotify { extension, message, .. } if extension.as_str() == "watcher" => {
            Some(message.clone())
        }
        _ => None,
    };
    let notice = session.until("a notice", notice).await;
    assert_eq!(notice, "event \"moon_rise\" is left out: this version does not know it");
    let listings = session.wharf().extensions();
    let state =
        |name: &str| listings.iter().find(|listing| listing.name == name).map(|listing| &listing.state);
    assert!(matches!(state("guard"), Some(State::Failed(_))), "{listings:#?}");
    assert_eq!(state("watcher"), Some(&State::Running));
    session.close().await;
}

async fn the_end_is_told(backend: BackendKind) {
    let home = Home::new();
    home.install(backend, "desk");
    let mut session = home.session().start().await;
    session.run(r#"call desk {"do":"heard"}"#).await;
    session.close().await;
    let log = home.log("desk");
    let place = |what: &str| log.find(what).unwrap_or_else(|| panic!("{what:?} is not in the log: {log}"));
    assert!(place("the session has ended") < place("desk stops"), "{log}");
}
