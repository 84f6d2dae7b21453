//! What is under way while an extension is loaded anew: calls, approvals, events.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::json;
use tokio::sync::Notify;
use wharf_conformance::scenarios;
use wharf_runtime::extensions::{What, summary};
use wharf_runtime::ports::approve::{Approval, ApprovalRequest, Approver};
use wharf_runtime::ports::call::CallContext;
use wharf_runtime::ports::event::AgentEvent;
use wharf_test_support::wat::{Export, Guest};
use wharf_test_support::{BackendKind, Home, script};

use crate::reload::{DONE, make, tools};

scenarios! {
    a_call_in_flight_ends_in_the_version_it_began_in => ReloadInFlight;
    what_was_approved_is_what_runs => ReloadApproved;
    under_steady_calls_none_is_lost_and_none_is_made_twice => ReloadLosesNothing;
    events_that_the_old_version_was_handed_are_dealt_with_there in component => ComponentReloadEvents;
}

/// A file as the extension `x` names it, and as the host does.
fn file_of_x(home: &Home, backend: BackendKind, name: &str) -> (String, PathBuf) {
    let host = home.data("x").join(name);
    match backend {
        BackendKind::Component => (format!("/data/{name}"), host),
        BackendKind::Subprocess => (host.display().to_string(), host),
    }
}

async fn a_call_in_flight_ends_in_the_version_it_began_in(backend: BackendKind) {
    let home = Home::new();
    make(&home, backend, "x", "hostile");
    let (path, file) = file_of_x(&home, backend, "go");
    let lines = [
        script::calls("hostile_wait", json!({ "path": path })),
        script::calls("weather", json!({ "city": "Berlin" })),
        script::says("done"),
    ];
    let mut session = home.session().script(lines).start().await;
    let run = session.begin("go").await;
    session.until("the call", |event| matches!(event, AgentEvent::ExtNotify { .. }).then_some(())).await;
    make(&home, backend, "x", "weather");
    let changes = session.wharf().reload(Some("x")).await;
    assert_eq!(summary(&changes), DONE);
    assert_eq!(tools(&session), ["weather"]);
    std::fs::write(file, "").unwrap();
    let transcript = session.finish(run).await;
    let texts = transcript.texts();
    assert_eq!(texts[0], "waited");
    assert!(texts[1].contains("Berlin"), "{texts:?}");
    assert_eq!(transcript.problems(), Vec::<String>::new());
    session.close().await;
}

/// Is asked, tells so, and says yes when it is let go on.
#[derive(Default)]
struct Hesitant {
    asked: Notify,
    decided: Notify,
}

#[async_trait]
impl Approver for Hesitant {
    async fn approve(&self, _: ApprovalRequest<'_>, _: &CallContext) -> Approval {
        self.asked.notify_one();
        self.decided.notified().await;
        Approval::Yes
    }
}

async fn what_was_approved_is_what_runs(backend: BackendKind) {
    let home = Home::new();
    make(&home, backend, "x", "hostile");
    let (path, file) = file_of_x(&home, backend, "lines");
    let approver = Arc::new(Hesitant::default());
    let lines = [script::calls("hostile_append", json!({ "path": path })), script::says("done")];
    let chosen = approver.clone();
    let session = home.session().script(lines).with(|builder| builder.approver(chosen));
    let mut session = session.start().await;
    let run = session.begin("go").await;
    approver.asked.notified().await;
    make(&home, backend, "x", "weather");
    assert_eq!(summary(&session.wharf().reload(Some("x")).await), DONE);
    assert_eq!(tools(&session), ["weather"]);
    approver.decided.notify_one();
    let transcript = session.finish(run).await;
    assert_eq!(transcript.texts(), ["appended"]);
    assert_eq!(std::fs::read_to_string(file).unwrap().lines().count(), 1);
    session.close().await;
}

async fn under_steady_calls_none_is_lost_and_none_is_made_twice(backend: BackendKind) {
    const CALLS: usize = 200;
    const RELOADS: usize = 5;
    let home = Home::new();
    make(&home, backend, "x", "hostile");
    let (path, file) = file_of_x(&home, backend, "lines");
    let calls = (0..CALLS).map(|_| ("hostile_append", json!({ "path": path })));
    let lines = [script::calls_all(calls), script::says("done")];
    let mut session = home.session().script(lines).start().await;
    let wharf = session.wharf().clone();
    let run = session.begin("go").await;
    let reloads = tokio::spawn(async move {
        for _ in 0..RELOADS {
            let changes = wharf.reload(None).await;
            assert!(changes.iter().all(|change| change.what == What::Replaced), "{changes:?}");
        }
    });
    let transcript = session.finish(run).await;
    reloads.await.unwrap();
    assert!(transcript.texts().iter().all(|text| text == "appended"), "{:?}", transcript.texts());
    assert_eq!(std::fs::read_to_string(file).unwrap().lines().count(), CALLS);
    assert_eq!(transcript.problems(), Vec::<String>::new());
    session.close().await;
}

/// Each event takes it a while, and is logged after that.
async fn events_that_the_old_version_was_handed_are_dealt_with_there(_: BackendKind) {
    let slowly = "(call $block (call $timer (i64.const 100000000)))
        (call $log (i32.const 1) (i32.const 0) (i32.const 4))";
    let home = Home::new();
    let guest = Guest::new("slow").on(Export::Event, slowly).encode();
    std::fs::write(home.extensions().join("slow.wasm"), guest).unwrap();
    let mut session = home.session().start().await;
    session.run("hi").await;
    assert_eq!(summary(&session.wharf().reload(Some("slow")).await), DONE);
    // It is ended when it has dealt with them: then the agent may end.
    let log = home.path().join("logs/ext-slow.log");
    let lines = || std::fs::read_to_string(&log).unwrap_or_default().matches("debug: ").count();
    let all = async {
        // session_start, turn_start, assistant_message, turn_end.
        while lines() < 4 {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    let in_time = tokio::time::timeout(std::time::Duration::from_secs(20), all).await;
    assert!(in_time.is_ok(), "{}", home.log("slow"));
    session.close().await;
    assert_eq!(lines(), 4, "and once");
    assert!(!home.log("slow").contains("was not delivered"), "{}", home.log("slow"));
}
