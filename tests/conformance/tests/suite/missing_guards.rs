//! Guards that were there in an earlier run and are not any more.

use std::fs;
use std::path::Path;

use serde_json::json;
use wharf_conformance::scenarios;
use wharf_protocol::hook::{HookPoint, OnFailure};
use wharf_runtime::extensions::ExtensionId;
use wharf_test_support::{BackendKind, Home, Session, script};

use crate::failed_hooks::guarded;

scenarios! {
    what_a_guard_guarded_stays_closed_when_it_is_gone => GuardGone, HooksListed;
    what_an_open_guard_guarded_stays_open_when_it_is_gone => GuardGone;
    a_guard_that_is_taken_away_while_wharf_runs_stays_closed => GuardGone;
    a_guard_that_is_removed_or_switched_off_is_let_go_of => GuardLetGo;
}

/// A way in which a guard is there no more: its name, what is done to its directory, what is told.
type Way = (&'static str, fn(&Path), &'static str);

const WAYS: [Way; 4] = [
    ("deleted", |directory| fs::remove_dir_all(directory).unwrap(), "is not there any more"),
    (
        "a slip in its manifest",
        |directory| fs::write(directory.join("extension.json"), "{\"name\": guard}").unwrap(),
        "manifest: ",
    ),
    (
        "no manifest",
        |directory| fs::remove_file(directory.join("extension.json")).unwrap(),
        "there is no extension.json",
    ),
    (
        "another of its name",
        |directory| {
            let first = directory.parent().unwrap().join("first");
            fs::create_dir_all(&first).unwrap();
            let manifest = json!({ "name": "guard", "exec": "sh", "args": ["run.sh"] });
            fs::write(first.join("extension.json"), manifest.to_string()).unwrap();
            let greets = "echo '{\"type\":\"hello\",\"name\":\"guard\",\"protocol_version\":2}'\n\
                echo '{\"type\":\"ready\"}'\nwhile read -r line; do case $line in *shutdown*) exit;; esac; done\n";
            fs::write(first.join("run.sh"), greets).unwrap();
        },
        "is taken by",
    ),
];

fn id() -> ExtensionId {
    ExtensionId::new("guard").unwrap()
}

/// A home in whose last run a guard was there.
async fn home(backend: BackendKind, policy: OnFailure) -> Home {
    let (home, session) = guarded(backend, HookPoint::ToolCall, policy, [script::says("done")]).await;
    session.close().await;
    home
}

async fn next_run(home: &Home) -> Session {
    let lines = [script::calls("bash", json!({ "command": "echo through" })), script::says("done")];
    home.session().script(lines).start().await
}

/// What came of a call of `bash`.
async fn answer(session: &mut Session) -> (String, Vec<String>) {
    let transcript = session.run("go").await;
    (transcript.texts()[0].clone(), transcript.problems())
}

async fn what_a_guard_guarded_stays_closed_when_it_is_gone(backend: BackendKind) {
    for (way, take_away, why) in WAYS {
        let home = home(backend, OnFailure::Closed).await;
        take_away(&home.extensions().join("guard"));
        // The second run shows that the first one does not forget.
        for _ in 0..2 {
            let mut session = next_run(&home).await;
            let (text, problems) = answer(&mut session).await;
            let refused =
                "refused because extension \"guard\", which guards this, failed: it is not running: ";
            assert!(text.starts_with(refused), "{way}: {text}");
            assert!(text.contains(why) && text.contains("`wharf ext remove guard`"), "{way}: {text}");
            let notice = "guard \"guard\" is missing, so what it guards is refused (tool_call): ";
            assert!(problems.iter().any(|problem| problem.starts_with(notice)), "{way}: {problems:?}");
            let guards = session.run("/guards").await.outcome.text;
            let listed =
                guards.lines().find(|line| line.contains("it cannot be asked now")).unwrap_or_default();
            assert!(listed.starts_with("guard \"guard\": tool_call, closed: failed: "), "{way}: {guards}");
            session.close().await;
        }
    }
}

async fn what_an_open_guard_guarded_stays_open_when_it_is_gone(backend: BackendKind) {
    let home = home(backend, OnFailure::Open).await;
    fs::remove_dir_all(home.extensions().join("guard")).unwrap();
    let mut session = next_run(&home).await;
    let (text, problems) = answer(&mut session).await;
    assert!(text.contains("through"), "{text}");
    assert_eq!(problems, Vec::<String>::new());
    session.close().await;
}

async fn a_guard_that_is_taken_away_while_wharf_runs_stays_closed(backend: BackendKind) {
    let lines = [script::calls("bash", json!({ "command": "echo through" })), script::says("done")];
    let (home, mut session) = guarded(backend, HookPoint::ToolCall, OnFailure::Closed, lines).await;
    let hidden = home.path().join("hidden");
    fs::rename(home.extensions().join("guard"), &hidden).unwrap();
    session.wharf().reload(None).await;
    let (text, _) = answer(&mut session).await;
    assert!(text.contains("is not there any more"), "{text}");
    session.close().await;
}

async fn a_guard_that_is_removed_or_switched_off_is_let_go_of(backend: BackendKind) {
    for gone_before in [false, true] {
        for off in [false, true] {
            let home = home(backend, OnFailure::Closed).await;
            if gone_before {
                fs::remove_dir_all(home.extensions().join("guard")).unwrap();
            }
            if off {
                let builder = wharf_runtime::Wharf::builder().places(home.places()).cwd(home.project());
                builder.switch(&id(), false).unwrap();
            } else {
                home.places().remove(&id(), false).unwrap();
            }
            let mut session = next_run(&home).await;
            let (text, problems) = answer(&mut session).await;
            assert!(text.contains("through"), "{gone_before} {off}: {text}");
            assert_eq!(problems, Vec::<String>::new(), "{gone_before} {off}");
            session.close().await;
            assert!(gone_before || off || home.places().remove(&id(), false).is_err(), "it is gone");
        }
    }
}
