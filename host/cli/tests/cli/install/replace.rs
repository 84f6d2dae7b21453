//! `wharf ext install --replace`: another version in the place of the one that is there.

use std::fs;

use wharf_test_support::Home;
use wharf_test_support::home::{place_component, place_files};

use super::*;

fn replace(home: &Home, source: &Path) -> Ran {
    run(home, &["ext", "install", "--replace", source.to_str().unwrap()])
}

/// The next version of `greet`, which wants more.
fn next(home: &Home) -> PathBuf {
    let folder = source(home, "next");
    let manifest = r#"{"name":"greet","version":"2.0.0","exec":"./greet.sh","wharf":{"api":"0.1","env":["JIRA_URL"],
        "tools":[{"name":"t","description":"d"}]}}"#;
    place_files(&folder, &[("extension.json", manifest), ("more", "")])
}

#[test]
fn the_new_one_has_the_place_of_the_old_one_and_tells_what_changed() {
    let home = Home::new();
    assert_eq!(install(&home, source(&home, "first")).code, Some(0));
    place_files(&home.path().join("data/greet"), &[("kept", "data")]);
    place_files(&home.path().join("logs"), &[("ext-greet.log", "logged\n")]);
    place_files(&home.extensions().join("greet"), &[("gone", "")]);
    is_refused(&home, next(&home), &["is there already", "`wharf ext install --replace`"]);
    let ran = replace(&home, &next(&home));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for told in [
        "asks for:  to run as a program with all your rights, the environment variable JIRA_URL",
        "greet (1.2.0)",
        "changed:   + asks for: the environment variable JIRA_URL",
        "changed:   + tool: t",
    ] {
        assert!(ran.out.contains(told), "{told}: {}", ran.out);
    }
    assert!(!ran.out.contains("runs: ./") && !ran.out.contains("changed:   -"), "{}", ran.out);
    let place = home.extensions().join("greet");
    assert!(place.join("more").exists() && !place.join("gone").exists(), "{:?}", everything(&home));
    let locked = lock(&home);
    assert!(locked.contains("2.0.0") && !locked.contains("1.2.0"), "{locked}");
    assert!(home.path().join("data/greet/kept").exists() && home.log("greet") == "logged\n");
    let left: Vec<_> = everything(&home).into_iter().filter(|name| name.contains("/.")).collect();
    assert!(left.is_empty(), "{left:?}");
    assert!(replace(&home, &next(&home)).out.contains("changed:   nothing"), "the same again");
}

#[test]
fn what_is_refused_leaves_the_old_one() {
    let home = Home::new();
    assert_eq!(install(&home, source(&home, "first")).code, Some(0));
    let broken = next(&home);
    fs::remove_file(broken.join("greet.sh")).unwrap();
    let (before, locked) = (everything(&home), lock(&home));
    let ran = replace(&home, &broken);
    assert!(ran.code == Some(1) && ran.err.contains("the program is not there"), "{ran:?}");
    // Nor can it be written down.
    fs::create_dir(home.path().join("wharf.lock.new")).unwrap();
    let ran = replace(&home, &source(&home, "first"));
    assert_eq!(ran.code, Some(1), "{ran:?}");
    fs::remove_dir(home.path().join("wharf.lock.new")).unwrap();
    assert_eq!((everything(&home), lock(&home)), (before, locked));
}

#[test]
fn one_of_another_kind_or_under_another_name_goes_and_one_that_is_off_stays_off() {
    let home = Home::new();
    place_files(&home.extensions().join("by-hand"), &[("extension.json", r#"{"name":"guard","exec":"sh"}"#)]);
    let file = place_component("guard", &home.project().join("guard.wasm"));
    let ran = replace(&home, &file);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains("+ backend: component") && ran.out.contains("- backend: subprocess"), "{ran:?}");
    assert!(!home.extensions().join("by-hand").exists() && home.extensions().join("guard.wasm").exists());
    assert_eq!(listed(&home).len(), 1);
    // What is not there is installed.
    assert_eq!(replace(&home, &source(&home, "first")).code, Some(0));
    assert_eq!(run(&home, &["ext", "disable", "greet"]).code, Some(0));
    assert_eq!(replace(&home, &next(&home)).code, Some(0));
    let greet = entry(&home, "greet");
    assert_eq!((&greet["state"], &greet["version"]), (&"disabled".into(), &"2.0.0".into()));
    assert_eq!(run(&home, &["ext", "enable", "greet"]).code, Some(0));
    // A link goes, and not what it leads to.
    let linked = home.project().join("linked");
    place_files(&linked, &[("extension.json", r#"{"name":"link","exec":"sh"}"#)]);
    symlink(&linked, home.extensions().join("link")).unwrap();
    let other = home.project().join("other");
    place_files(&other, &[("extension.json", r#"{"name":"link","version":"3","exec":"sh"}"#)]);
    assert_eq!(replace(&home, &other).code, Some(0));
    assert!(linked.join("extension.json").exists() && !home.extensions().join("link").is_symlink());
}
