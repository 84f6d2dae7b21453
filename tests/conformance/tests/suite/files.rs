//! Files that are no extensions, and programs that never become one: each is told by name, stage and cause, and the
//! others go on.

use std::fs;

use wharf_conformance::scenarios;
use wharf_test_support::{BackendKind, Home, guests};

scenarios! {
    files_that_are_no_components_are_told in component => ComponentIsNone, StartFails;
    programs_that_do_not_dock_are_told in subprocess => SubprocessIsNone, StartFails;
}

/// Checks the failures, by name, against the beginning of each line and what else it must hold.
fn check(failed: &[String], expected: &[(&str, &str, &str)]) {
    assert_eq!(failed.len(), expected.len(), "{failed:#?}");
    for (name, beginning, rest) in expected {
        let beginning = format!("extension \"{name}\": {beginning}");
        let line = failed.iter().find(|line| line.starts_with(&beginning));
        let line = line.unwrap_or_else(|| panic!("no line begins with {beginning}: {failed:#?}"));
        assert!(line.contains(rest), "{line}");
    }
}

async fn files_that_are_no_components_are_told(backend: BackendKind) {
    let home = Home::new();
    home.install(backend, "weather");
    let drop_in = |name: &str, bytes: &[u8]| fs::write(home.extensions().join(name), bytes).unwrap();
    let whole = fs::read(guests::component("weather")).unwrap();
    drop_in("core.wasm", b"\0asm\x01\0\0\0");
    drop_in("cut.wasm", &whole[..whole.len() / 2]);
    drop_in("empty.wasm", b"");
    drop_in("text.wasm", b"this is a letter, not a program\n");
    drop_in("hollow.wasm", b"\0asm\x0d\0\x01\0");
    let mut session = home.session().start().await;
    let failed: Vec<String> = session.wharf().failed_extensions().iter().map(ToString::to_string).collect();
    let again = "wharf:extension@0.1.0 (target wasm32-wasip2)";
    check(
        &failed,
        &[
            (
                "core",
                "compile: the file is a core WebAssembly module, not a component; build core again for ",
                again,
            ),
            ("cut", "compile: the file is cut off or damaged at byte ", "; copy it again or build it again"),
            ("empty", "compile: the file is empty; ", again),
            ("hollow", "link: it exports no wharf:extension/lifecycle@0.1.0; it exports nothing", again),
            ("text", "compile: the file is not a WebAssembly component; ", again),
        ],
    );
    let told = session.problems();
    assert!(failed.iter().all(|line| told.contains(line)), "{told:#?}");
    assert!(session.run("/weather Berlin").await.outcome.text.contains("Berlin"));
    session.close().await;
}

async fn programs_that_do_not_dock_are_told(backend: BackendKind) {
    let home = Home::new();
    home.install(backend, "weather");
    home.install_shell("sleeper", "exec sleep 1000\n");
    home.install_shell("talker", "echo '{\"type\":\"ready\"}'\nexec sleep 1000\n");
    home.install_shell("babbler", "echo hello, I am an extension\nexec sleep 1000\n");
    home.install_shell("dier", "echo 'no such luck' >&2\nexit 7\n");
    home.install_script("missing", &["./not-there"], &[]);
    home.install_script("plain", &["./notes.txt"], &[("notes.txt", "#!/bin/sh\n")]);
    let mut session = home.session().start_at_once().await;
    // The others do not wait for the slowest: a prompt is answered while it has not said hello.
    let first = session.run("/weather Berlin").await;
    assert!(first.outcome.text.contains("Berlin"));
    session.wharf().settled().await;
    let failed: Vec<String> = session.wharf().failed_extensions().iter().map(ToString::to_string).collect();
    let name = |name: &str| format!("see `wharf ext logs {name}`");
    check(
        &failed,
        &[
            ("babbler", "start: the first line must be a hello frame: ", &name("babbler")),
            (
                "dier",
                "start: it ended before its hello: it ended with exit status 7; its last words: \"no such luck\"",
                &name("dier"),
            ),
            (
                "missing",
                "spawn: ",
                "not-there: No such file or directory (os error 2); check the path in the manifest",
            ),
            (
                "plain",
                "spawn: ",
                "notes.txt: Permission denied (os error 13); make the file readable and executable",
            ),
            ("sleeper", "start: timed out after 10 s", &name("sleeper")),
            ("talker", "start: the first frame must be hello (got \"ready\")", &name("talker")),
        ],
    );
    let told = [first.problems(), session.problems()].concat();
    assert!(failed.iter().all(|line| told.contains(line)), "{told:#?}");
    assert!(session.run("/weather Berlin").await.outcome.text.contains("Berlin"));
    session.close().await;
}
