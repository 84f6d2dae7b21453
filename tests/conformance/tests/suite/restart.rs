//! Extensions that crash and come back, and those that crash too often.

use serde_json::{Value, json};
use wharf_conformance::scenarios;
use wharf_runtime::Status;
use wharf_runtime::extensions::{ExtensionId, State};
use wharf_runtime::ports::event::AgentEvent;
use wharf_test_support::{BackendKind, Home, Session, script};

scenarios! {
    a_crashed_extension_comes_back => FaultRestart;
    three_crashes_are_the_end_until_it_is_lifted => FaultQuarantine;
    an_endless_tool_that_is_cancelled_is_not_blamed => FaultIsCancelled;
    an_extension_that_tells_all_starts_when_it_is_needed => StartWhenNeeded;
}

fn home(backend: BackendKind) -> Home {
    let home = Home::new();
    home.install(backend, "hostile");
    home.install(backend, "weather");
    home
}

fn state(session: &Session, name: &str) -> State {
    let all = session.wharf().extensions();
    all.into_iter().find(|listing| listing.name == name).expect("it is listed").state
}

async fn a_crashed_extension_comes_back(backend: BackendKind) {
    let home = home(backend);
    let lines = [
        script::calls("hostile_crash", json!({})),
        script::calls("hostile_echo", json!({})),
        script::says("done"),
    ];
    let mut session = home.session().script(lines).start().await;
    let transcript = session.run("go").await;
    assert_eq!(transcript.outcome.status, Status::Ok);
    let texts = transcript.texts();
    assert!(texts[0].starts_with("extension hostile/hostile_crash failed: "), "{}", texts[0]);
    assert_eq!(texts[1], "still here", "the second call waits for the restart");
    session.close().await;
    let log = home.log("hostile");
    assert!(log.contains("→ it starts again in 250 ms") && log.contains("it runs again: start 2"), "{log}");
}

async fn three_crashes_are_the_end_until_it_is_lifted(backend: BackendKind) {
    let home = home(backend);
    let crash = || script::calls("hostile_crash", json!({}));
    let mut lines = vec![crash(), crash(), crash()];
    lines.push(script::calls_all([("hostile_echo", json!({})), ("weather", json!({ "city": "Berlin" }))]));
    lines.push(script::says("done"));
    let mut session = home.session().script(lines).start().await;
    let transcript = session.run("go").await;
    let texts = transcript.texts();
    assert_eq!(texts[3], "unknown tool \"hostile_echo\"", "its tools have left the model's list");
    assert!(texts[4].contains("Berlin"), "{}", texts[4]);
    let problem = session_problem(&transcript.problems());
    assert!(problem.contains("it is in quarantine: it crashed 3 times within 60 s"), "{problem}");
    assert!(problem.contains("lift the quarantine with `wharf ext enable hostile`"), "{problem}");
    assert!(matches!(state(&session, "hostile"), State::Quarantined(_)));
    session.close().await;

    let text = std::fs::read_to_string(home.path().join("quarantine.json")).unwrap();
    let list: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(list[0]["name"], "hostile");
    assert!(list[0]["digest"].as_str().unwrap().starts_with("sha256:"));

    let mut session = home.session().start().await;
    assert!(matches!(state(&session, "hostile"), State::Quarantined(_)));
    let problem = session_problem(&session.problems());
    assert!(
        problem.contains("it is in quarantine: since ") && problem.ends_with("→ not started"),
        "{problem}"
    );
    session.close().await;

    let builder = wharf_runtime::Wharf::builder().places(home.places());
    assert!(builder.lift_quarantine(&ExtensionId::new("hostile").unwrap()).unwrap());
    let session = home.session().start().await;
    assert_eq!(state(&session, "hostile"), State::Running);
    session.close().await;
}

fn session_problem(problems: &[String]) -> String {
    let found = problems.iter().find(|problem| problem.contains("quarantine"));
    found.unwrap_or_else(|| panic!("nobody tells of the quarantine: {problems:#?}")).clone()
}

async fn an_endless_tool_that_is_cancelled_is_not_blamed(backend: BackendKind) {
    let home = home(backend);
    let lines = (0..4).map(|_| script::calls("hostile_spin", json!({})));
    let lines = lines.chain([script::calls("hostile_echo", json!({})), script::says("done")]);
    let mut session = home.session().script(lines).start().await;
    for _ in 0..4 {
        let run = session.begin("go").await;
        session
            .until("the notice that it spins", |event| {
                matches!(event, AgentEvent::ExtNotify { message, .. } if message == "spinning").then_some(())
            })
            .await;
        run.cancel();
        assert_eq!(session.finish(run).await.outcome.status, Status::Cancelled);
        if backend == BackendKind::Subprocess {
            // The process computes on: it has one thread, and nothing else can be asked of it.
            session.close().await;
            return;
        }
    }
    let transcript = session.run("go").await;
    assert_eq!(transcript.texts(), ["still here"]);
    session.close().await;
}

async fn an_extension_that_tells_all_starts_when_it_is_needed(backend: BackendKind) {
    let home = home(backend);
    let mut session = home.session().start_at_once().await;
    session.wharf().ready().await;
    assert_eq!(state(&session, "weather"), State::Asleep);
    assert!(session.wharf().tools().iter().any(|tool| tool.name == "weather"));
    let transcript = session.run("/weather Berlin").await;
    assert!(transcript.outcome.text.contains("Berlin"), "{}", transcript.outcome.text);
    assert_eq!(state(&session, "weather"), State::Running);
    session.close().await;
}
