//! Programs that cannot be started, and programs that do not begin with a hello.

use std::time::Duration;

use wharf_runtime::extensions::limits::Limits;

use crate::stage::{SEE, Setting};

const NEVER_HELLO: &str = "trap '' TERM; sleep 1000 & wait";
const READY_FIRST: &str = "ready; sleep 1000";
const A_GREETING_FOR_PEOPLE: &str = "say 'Welcome!'; greet; ready; sleep 1000";
const A_HELLO_WITHOUT_A_NAME: &str = "say '{\"type\":\"hello\"}'; sleep 1000";
const HELLO_TWICE: &str = "greet; say '{\"type\":\"hello\",\"name\":\"hostile\"}'; ready
    while question; do show once; done";
const ANOTHER_NAME: &str = "say '{\"type\":\"hello\",\"name\":\"neighbour\"}'
    say '{\"type\":\"register_command\",\"name\":\"hostile\"}'; ready
    while question; do show 'by any name'; done";
const DEAD_AT_ONCE: &str = "echo 'no module named json' >&2; exit 4";
const DEAD_BEFORE_READY: &str = "greet; kill -9 $$";

/// So short that waiting for nothing does not take long, and so long that its neighbour starts.
fn impatient(limits: &mut Limits) {
    limits.version_1.start = Duration::from_secs(2);
}

#[tokio::test]
async fn program_that_does_not_exist() {
    let setting = Setting::program(&["./missing"], &[]);
    let path = setting.directory().join("missing").display().to_string();
    let mut play = setting.start().await;
    let cause = format!("{path}: No such file or directory (os error 2)");
    play.fault("spawn", &cause, "check the path in the manifest, or remove the extension hostile").await;
    play.end_of_nothing().await;
}

#[tokio::test]
async fn program_that_is_not_executable() {
    let setting = Setting::program(&["./program"], &[("program", "#!/bin/sh\necho $$ > pid\n")]);
    let path = setting.directory().join("program").display().to_string();
    let mut play = setting.start().await;
    let cause = format!("{path}: Permission denied (os error 13)");
    let next_step = "make the file readable and executable, or remove the extension hostile";
    play.fault("spawn", &cause, next_step).await;
    play.end_of_nothing().await;
}

#[tokio::test]
async fn interpreter_that_is_missing() {
    use std::os::unix::fs::PermissionsExt as _;
    let setting = Setting::program(&["./program"], &[("program", "#!/no/such/interpreter\n")]);
    let path = setting.directory().join("program");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut play = setting.start().await;
    let cause = format!(
        "the interpreter that the first line of {} names: No such file or directory (os error 2)",
        path.display()
    );
    play.fault("spawn", &cause, SEE).await;
    play.end_of_nothing().await;
}

#[tokio::test]
async fn one_that_never_says_hello() {
    let mut play = Setting::script(NEVER_HELLO).limits(impatient).start().await;
    let next = "see `wharf ext logs hostile`; a program must write its hello and flush it";
    play.fault("start", "timed out after 2 s", next).await;
    play.end().await;
}

#[tokio::test]
async fn something_else_first() {
    for (script, cause) in [
        (READY_FIRST, r#"the first frame must be hello (got "ready"); its first line was: {"type":"ready"}"#),
        (
            A_GREETING_FOR_PEOPLE,
            "the first line must be a hello frame: malformed JSON: expected value at line 1 column 1; its first \
             line was: Welcome!",
        ),
        (A_HELLO_WITHOUT_A_NAME, r#"its hello has no name; its first line was: {"type":"hello"}"#),
    ] {
        let mut play = Setting::script(script).start().await;
        play.fault("start", cause, SEE).await;
        play.end().await;
    }
}

#[tokio::test]
async fn hello_twice() {
    let mut play = Setting::script(HELLO_TWICE).start().await;
    assert_eq!(play.command().await, "once");
    let log = play.end().await;
    assert!(log.contains("skipped a second hello"), "{log}");
}

#[tokio::test]
async fn hello_with_the_name_of_another() {
    let mut play = Setting::script(ANOTHER_NAME).start().await;
    assert_eq!(play.command().await, "by any name");
    let log = play.end().await;
    let told = r#"it calls itself "neighbour"; it goes by the name of its manifest, "hostile""#;
    assert!(log.contains(told), "{log}");
}

#[tokio::test]
async fn end_before_the_start_is_over() {
    for (script, cause) in [
        (
            DEAD_AT_ONCE,
            "it ended before its hello: it ended with exit status 4; its last words: \"no module named json\"",
        ),
        (DEAD_BEFORE_READY, "it ended before it was ready: it was killed by SIGKILL"),
    ] {
        let mut play = Setting::script(script).start().await;
        play.fault("start", cause, SEE).await;
        play.end().await;
    }
}
