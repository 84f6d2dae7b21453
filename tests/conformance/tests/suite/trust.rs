//! Nothing in a project is started unless it is trusted.

use std::path::PathBuf;

use wharf_conformance::scenarios;
use wharf_runtime::extensions::State;
use wharf_test_support::home::{place_component, place_files, place_subprocess};
use wharf_test_support::{BackendKind, Home, Session};

scenarios! {
    project_is_not_started_without_trust => StartNeedsTrust;
    project_is_started_with_trust => StartNeedsTrust;
}

/// A project with one extension in each of its two directories: a guest, and a script that leaves a marker.
fn project(backend: BackendKind) -> (Home, Vec<PathBuf>) {
    let home = Home::new();
    let wharf = home.project().join(".wharf/extensions");
    let guest = match backend {
        BackendKind::Component => place_component("probe", &wharf.join("probe.wasm")),
        BackendKind::Subprocess => place_subprocess("probe", &wharf.join("probe")),
    };
    let marker = home.project().join(".zot/extensions/marker");
    let script = "touch started\necho '{\"type\":\"hello\",\"name\":\"marker\"}'\necho '{\"type\":\"ready\"}'\nwhile read -r line; do :; done\n";
    let manifest = r#"{"name":"marker","exec":"sh","args":["run.sh"]}"#;
    place_files(&marker, &[("run.sh", script), ("extension.json", manifest)]);
    (home, vec![guest, marker])
}

fn marker(home: &Home) -> PathBuf {
    home.project().join(".zot/extensions/marker/started")
}

fn names(session: &Session) -> Vec<(String, State)> {
    session.wharf().extensions().into_iter().map(|listing| (listing.name, listing.state)).collect()
}

async fn project_is_not_started_without_trust(backend: BackendKind) {
    let (home, paths) = project(backend);
    let mut session = home.session().start().await;
    assert_eq!(names(&session), []);
    assert_eq!(session.wharf().inert(), paths);
    for path in &paths {
        let expected =
            format!("not started: {}: the project is not trusted; run with --trust", path.display());
        session.problem(&[&expected]).await;
    }
    assert_eq!(session.run("/probe display").await.outcome.exit_code(), 0);
    session.close().await;
    assert!(!marker(&home).exists(), "the script was started");
    assert_eq!(home.log("probe"), "", "the guest was started");
    assert!(!home.path().join("data").exists(), "the guest was given a directory");
}

async fn project_is_started_with_trust(backend: BackendKind) {
    let (home, _) = project(backend);
    let mut session = home.session().with(|builder| builder.trust_project(true)).start().await;
    assert_eq!(
        names(&session),
        [("probe".to_owned(), State::Running), ("marker".to_owned(), State::Running)]
    );
    assert!(session.wharf().inert().is_empty());
    assert_eq!(session.run("/probe display").await.outcome.text, "probe displays");
    session.close().await;
    assert!(marker(&home).exists(), "the script was not started");
    assert!(home.log("probe").contains("probe starts"), "{}", home.log("probe"));
    assert!(home.log("probe").contains("probe stops"), "{}", home.log("probe"));
}
