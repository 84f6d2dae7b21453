//! `wharf ext`, projects that are not trusted, and commands that leave nothing behind.

use wharf_test_support::home::{place_component, place_files};
use wharf_test_support::{Home, guests};

use crate::program::{finish, run, wharf};

#[test]
fn an_extension_can_be_named_for_one_run() {
    let home = Home::new();
    let file = guests::component("weather").display().to_string();
    let args = ["-p", "--model", "demo", "-e", &file, "--no-ext", "/weather Berlin"];
    let ran = run(&home, &args);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains("Berlin"), "{ran:?}");
}

#[test]
fn a_project_that_is_not_trusted_is_listed_and_not_started() {
    let home = Home::new();
    let wharf_dir = home.project().join(".wharf/extensions");
    place_component("probe", &wharf_dir.join("probe.wasm"));
    let marker = home.project().join(".zot/extensions/marker");
    let manifest = r#"{"name":"marker","exec":"sh","args":["run.sh"]}"#;
    place_files(&marker, &[("extension.json", manifest), ("run.sh", "touch started\n")]);
    let ran = run(&home, &["-p", "--model", "demo", "hello"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for path in [wharf_dir.join("probe.wasm"), marker.clone()] {
        let expected =
            format!("not started: {}: the project is not trusted; run with --trust", path.display());
        assert!(ran.err.contains(&expected), "{}", ran.err);
    }
    assert!(!marker.join("started").exists(), "it was started");
    let listed = run(&home, &["ext", "list"]);
    assert!(listed.out.contains("the project is not trusted; --trust lets it load for a run"), "{listed:?}");
    assert!(!marker.join("started").exists(), "it was started");
    let trusted = run(&home, &["-p", "--model", "demo", "--trust", "/probe display"]);
    assert_eq!((trusted.code, trusted.out.as_str()), (Some(0), "probe displays\n"), "{trusted:?}");
    assert!(marker.join("started").exists(), "it was not started");
}

#[test]
fn commands_that_only_read_create_nothing() {
    let home = Home::new();
    let nowhere = home.path().join("not/yet");
    for args in
        [&["--help"][..], &["--version"], &["ext", "list"], &["ext", "list", "--json"], &["ext", "logs", "x"]]
    {
        let ran = finish(wharf(&home, args).env("WHARF_HOME", &nowhere).spawn().unwrap());
        assert!(matches!(ran.code, Some(0 | 1)), "{args:?}: {ran:?}");
        assert!(!home.path().join("not").exists(), "{args:?} created the home");
        assert_eq!(std::fs::read_dir(home.project()).unwrap().count(), 0, "{args:?} wrote into the project");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_extension_gets_no_file_that_wharf_was_handed() {
    let home = Home::new();
    let folder = home.project().join("x");
    let manifest = r#"{"name":"x","exec":"sh","args":["run.sh"]}"#;
    place_files(
        &folder,
        &[("extension.json", manifest), ("run.sh", "ls -l /proc/$$/fd >&2\n"), ("secret", "")],
    );
    let program = env!("CARGO_BIN_EXE_wharf");
    let mut command = std::process::Command::new("sh");
    let script = format!("exec 9<x/secret; exec {program} -p --model demo -e x hello");
    command.args(["-c", &script]).env("WHARF_HOME", home.path()).current_dir(home.project());
    command.stdin(std::process::Stdio::null());
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let ran = finish(command.spawn().unwrap());
    let log = home.log("x");
    assert!(log.contains("2 -> "), "{ran:?}: {log}");
    assert!(!log.contains("x/secret"), "{log}");
}
