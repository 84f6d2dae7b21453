//! Guards that were there in an earlier run and are not any more.

use std::fs;
#[cfg(unix)]
use std::os::unix::fs::symlink as link;
#[cfg(windows)]
use std::os::windows::fs::symlink_dir as link;
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
    a_guard_is_missed_whatever_the_path_of_its_directory_is => GuardGone;
    a_guard_may_move => GuardGone;
    a_guard_that_is_removed_or_switched_off_is_let_go_of => GuardLetGo;
}

/// A way in which a guard is there no more: its name, what is done to its directory, what is told, how to let go of it.
type Way = (&'static str, fn(&Path), &'static str, &'static str);

const REMOVE: &str = "`wharf ext remove guard`";
const DISABLE: &str = "`wharf ext disable guard`";

const WAYS: [Way; 6] = [
    ("deleted", |directory| fs::remove_dir_all(directory).unwrap(), "is not there any more", REMOVE),
    (
        "a slip in its manifest",
        |directory| fs::write(directory.join("extension.json"), "{\"name\": guard}").unwrap(),
        "manifest: ",
        REMOVE,
    ),
    (
        "no manifest",
        |directory| fs::remove_file(directory.join("extension.json")).unwrap(),
        "there is no extension.json",
        REMOVE,
    ),
    ("another of its name", |directory| innocent(directory), "is taken by", DISABLE),
    (
        "another of its name instead of it",
        |directory| {
            innocent(directory);
            fs::remove_dir_all(directory).unwrap();
        },
        "which has its name, does not guard that",
        DISABLE,
    ),
    (
        "a copy that is switched off instead of it",
        |directory| {
            let copy = directory.parent().unwrap().join("guard-old");
            fs::rename(directory, &copy).unwrap();
            let manifest = json!({ "name": "guard", "exec": "sh", "enabled": false });
            fs::write(copy.join("extension.json"), manifest.to_string()).unwrap();
        },
        "is another one that is switched off",
        DISABLE,
    ),
];

/// Puts an extension beside a guard that has its name, comes before it, and guards nothing.
fn innocent(guard: &Path) {
    let first = guard.parent().unwrap().join("first");
    fs::create_dir_all(&first).unwrap();
    let manifest = json!({ "name": "guard", "exec": "sh", "args": ["run.sh"] });
    fs::write(first.join("extension.json"), manifest.to_string()).unwrap();
    let greets = "echo '{\"type\":\"hello\",\"name\":\"guard\",\"protocol_version\":2}'\n\
        echo '{\"type\":\"ready\"}'\nwhile read -r line; do case $line in *shutdown*) exit;; esac; done\n";
    fs::write(first.join("run.sh"), greets).unwrap();
}

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
    for (way, take_away, why, way_out) in WAYS {
        let home = home(backend, OnFailure::Closed).await;
        take_away(&home.extensions().join("guard"));
        // The second run shows that the first one does not forget.
        for _ in 0..2 {
            let mut session = next_run(&home).await;
            let (text, problems) = answer(&mut session).await;
            let refused =
                "refused because extension \"guard\", which guards this, failed: it is not running: ";
            assert!(text.starts_with(refused), "{way}: {text}");
            assert!(text.contains(why) && text.contains(way_out), "{way}: {text}");
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

async fn a_guard_is_missed_whatever_the_path_of_its_directory_is(backend: BackendKind) {
    let home = home(backend, OnFailure::Closed).await;
    let (disk, away) = (home.path().join("disk"), home.path().join("away"));
    fs::rename(home.extensions(), &disk).unwrap();
    link(&disk, home.extensions()).unwrap();
    let mut session = next_run(&home).await;
    let problems = session.run("go").await.problems();
    assert!(!problems.iter().any(|line| line.contains("is missing")), "{problems:?}");
    session.close().await;
    let refused = async |how: &str| {
        let mut session = next_run(&home).await;
        let (text, problems) = answer(&mut session).await;
        assert!(text.contains("is not there any more"), "{how}: {text}");
        assert!(
            problems.iter().any(|line| line.contains("guard \"guard\" is missing")),
            "{how}: {problems:?}"
        );
        session.close().await;
    };
    fs::rename(&disk, &away).unwrap();
    refused("a link that leads nowhere").await;
    fs::create_dir(&disk).unwrap();
    refused("a link to another directory").await;
    fs::remove_file(home.extensions()).unwrap();
    refused("no directory").await;
    fs::create_dir(home.extensions()).unwrap();
    refused("another directory").await;
}

async fn a_guard_may_move(backend: BackendKind) {
    let home = home(backend, OnFailure::Closed).await;
    let moved = home.extensions().join("moved");
    fs::rename(home.extensions().join("guard"), &moved).unwrap();
    let mut session = next_run(&home).await;
    let problems = session.run("go").await.problems();
    assert!(!problems.iter().any(|line| line.contains("is missing")), "{problems:?}");
    session.close().await;
    fs::remove_dir_all(&moved).unwrap();
    let mut session = next_run(&home).await;
    let (text, _) = answer(&mut session).await;
    assert!(text.contains("moved is not there any more"), "{text}");
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
