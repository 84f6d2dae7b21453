//! Components are compiled once, by a child.

use wharf_test_support::{Home, guests};

use crate::program::{finish, run, wharf};

const CALL: &str = "call weather {\"city\":\"Berlin\"}";

#[test]
fn the_second_run_finds_the_code_of_the_first() {
    let home = Home::new();
    home.install_component("weather");
    let first = run(&home, &["-p", "--model", "demo", CALL]);
    assert_eq!(first.code, Some(0), "{first:?}");
    let entry = || {
        let mut entries = std::fs::read_dir(home.path().join("cache/v1")).unwrap();
        entries.next().expect("an entry").unwrap().path()
    };
    let made = std::fs::read(entry()).unwrap();
    let second = run(&home, &["-p", "--model", "demo", CALL]);
    assert_eq!((second.code, &second.out), (Some(0), &first.out), "{second:?}");
    let mut torn = made.clone();
    torn.truncate(made.len() / 2);
    std::fs::write(entry(), torn).unwrap();
    let third = run(&home, &["-p", "--model", "demo", CALL]);
    assert_eq!((third.code, &third.out), (Some(0), &first.out), "{third:?}");
    let log = run(&home, &["ext", "logs", "weather"]).out;
    assert_eq!(log.matches("its compiled code in the cache is not used").count(), 1, "{log}");
    assert_eq!(std::fs::read(entry()).unwrap().len(), made.len(), "it was made anew");
}

#[test]
fn the_subcommand_is_for_the_program_itself() {
    let home = Home::new();
    assert!(!run(&home, &["--help"]).out.contains("ext-compile"));
    let bare = run(&home, &["ext-compile"]);
    assert_eq!((bare.code, bare.out.as_str()), (Some(1), ""));
    assert!(bare.err.contains("this is how Wharf compiles components"), "{bare:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn the_child_keeps_to_its_limits() {
    let home = Home::new();
    let nonsense = finish(wharf(&home, &["ext-compile", "10", "4294967296"]).spawn().unwrap());
    assert_eq!(nonsense.code, Some(3), "{nonsense:?}");
    // 32 MiB are not enough for anything.
    let wasm = std::fs::File::open(guests::component("guard")).unwrap();
    let small = finish(wharf(&home, &["ext-compile", "10", "33554432"]).stdin(wasm).spawn().unwrap());
    assert!(!matches!(small.code, Some(0 | 3)), "{small:?}");
    assert!(small.err.contains("memory"), "{small:?}");
}
