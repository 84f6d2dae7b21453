//! `wharf ext logs`

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::Command;

use wharf_test_support::home::place_files;
use wharf_test_support::{BackendKind, Home};

use crate::program::{finish, run, wharf};

#[test]
fn logs_show_what_an_extension_said() {
    for backend in BackendKind::BOTH {
        let home = Home::new();
        home.install(backend, "probe");
        assert_eq!(run(&home, &["-p", "--model", "demo", "/probe noop"]).code, Some(0));
        let ran = run(&home, &["ext", "logs", "probe"]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(ran.out.contains("probe starts") && ran.out.contains("probe stops"), "{ran:?}");
    }
    let home = Home::new();
    home.install_shell("quiet", "exit 0\n");
    let ran = run(&home, &["ext", "logs", "quiet"]);
    assert!(ran.code == Some(1) && ran.err.contains("it has had nothing to log"), "{ran:?}");
    let ran = run(&Home::new(), &["ext", "logs", "nobody"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
    assert!(ran.err.contains("no log for \"nobody\""), "{ran:?}");
}

#[test]
fn the_last_lines() {
    let home = Home::new();
    place_files(&home.path().join("logs"), &[("ext-x.log", "one\ntwo\nthree\n")]);
    for (lines, expected) in [("0", ""), ("2", "two\nthree\n"), ("9", "one\ntwo\nthree\n")] {
        let ran = run(&home, &["ext", "logs", "x", "-n", lines]);
        assert_eq!((ran.code, ran.out.as_str()), (Some(0), expected), "{ran:?}");
    }
    assert_eq!(run(&home, &["ext", "logs", "x"]).out, "one\ntwo\nthree\n");
}

#[cfg(unix)]
#[test]
fn following_goes_on_when_the_log_is_set_aside_until_an_interrupt() {
    let home = Home::new();
    home.install_shell("x", "exit 0\n");
    let log = home.path().join("logs/ext-x.log");
    let mut child = wharf(&home, &["ext", "logs", "x", "--follow"]).spawn().unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines();
    let waits = told.next().unwrap().unwrap();
    assert!(waits.contains("waiting for it"), "{waits}");
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || lines.next().unwrap().unwrap();
    place_files(log.parent().unwrap(), &[("ext-x.log", "one\n")]);
    assert_eq!(next(), "one");
    let mut file = fs::OpenOptions::new().append(true).open(&log).unwrap();
    file.write_all(b"two\n").unwrap();
    assert_eq!(next(), "two");
    file.write_all(b"three\n").unwrap();
    fs::rename(&log, log.with_extension("log.1")).unwrap();
    fs::write(&log, "four\n").unwrap();
    assert_eq!((next().as_str(), next().as_str()), ("three", "four"));
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let ran = finish(child);
    assert_eq!(ran.code, Some(130), "{ran:?}");
    let ran = run(&home, &["ext", "logs", "nobody", "-f"]);
    assert!(ran.code == Some(1) && ran.err.contains("no log for \"nobody\""), "{ran:?}");
}
