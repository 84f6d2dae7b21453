//! Output that cannot be written, and text that would steer a terminal.

use std::fs::File;
use std::process::Stdio;

use wharf_test_support::Home;

use crate::program::{finish, run, wharf};

fn full() -> Stdio {
    File::options().write(true).open("/dev/full").unwrap().into()
}

#[test]
fn an_answer_that_cannot_be_written_is_a_failure_and_nothing_panics() {
    let home = Home::new();
    std::fs::create_dir_all(home.extensions().join("broken")).unwrap();
    for mode in ["-p", "--json"] {
        let ran = finish(wharf(&home, &[mode, "--model", "demo", "hi"]).stdout(full()).spawn().unwrap());
        assert_eq!(ran.code, Some(1), "{mode}: {ran:?}");
        assert!(ran.err.contains("the answer cannot be written to standard output"), "{ran:?}");
        let ran = finish(wharf(&home, &[mode, "--model", "demo", "hi"]).stderr(full()).spawn().unwrap());
        assert_eq!(ran.code, Some(0), "{mode}: {ran:?}");
    }
    for args in [["--help"], ["--bogus"]] {
        let ran = finish(wharf(&home, &args).stdout(full()).stderr(full()).spawn().unwrap());
        assert_ne!(ran.code, Some(101), "{args:?}");
    }
}

#[test]
fn names_in_a_repository_cannot_steer_the_terminal_or_forge_a_line() {
    let home = Home::new();
    let evil = home.project().join(".wharf/extensions/a\u{1b}]0;x\u{7}\nwharf: forged");
    std::fs::create_dir_all(evil).unwrap();
    let listed = run(&home, &["ext", "list"]);
    let asked = run(&home, &["-p", "--model", "demo", "hi"]);
    for text in [&listed.out, &listed.err, &asked.err] {
        assert!(!text.contains('\u{1b}') && !text.contains("\nwharf: forged"), "{text:?}");
    }
    assert!(asked.err.contains(r"\u{1b}]0;x\u{7}\u{a}wharf: forged"), "{}", asked.err);
}

#[test]
fn a_project_full_of_entries_does_not_drown_what_is_wrong_with_the_users_own() {
    let home = Home::new();
    std::fs::create_dir_all(home.extensions().join("broken")).unwrap();
    for n in 0..300 {
        std::fs::create_dir_all(home.project().join(format!(".wharf/extensions/d{n}"))).unwrap();
    }
    let ran = run(&home, &["-p", "--model", "demo", "hi"]);
    assert!(ran.err.contains("280 more of the project's"), "{}", ran.err);
    assert!(ran.err.contains("there is no extension.json in it"), "{}", ran.err);
}
