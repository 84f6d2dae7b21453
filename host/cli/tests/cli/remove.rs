//! `wharf ext remove`

use std::fs;
use std::os::unix::fs::symlink;

use wharf_test_support::Home;
use wharf_test_support::home::{place_component, place_files};

use crate::list::listed;
use crate::program::{run, run_with_input};

#[test]
fn what_was_installed_goes_with_its_entry_and_leaves_its_data() {
    let home = Home::new();
    let file = place_component("guard", &home.project().join("x.wasm"));
    assert_eq!(run(&home, &["ext", "install", file.to_str().unwrap()]).code, Some(0));
    let data = home.path().join("data/guard");
    let log = home.path().join("logs/ext-guard.log");
    place_files(&data, &[("note", "kept")]);
    place_files(log.parent().unwrap(), &[("ext-guard.log", "line\n")]);
    let ran = run(&home, &["ext", "remove", "guard", "--yes"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""), "{ran:?}");
    let place = home.extensions().join("guard.wasm");
    assert!(ran.err.contains(&format!("removed {}", place.display())), "{}", ran.err);
    assert!(ran.err.contains(&format!("kept {}", data.display())), "{}", ran.err);
    assert!(!place.exists() && data.join("note").exists() && log.exists());
    assert!(!fs::read_to_string(home.path().join("wharf.lock")).unwrap().contains("guard"));
    assert_eq!(fs::read_dir(home.extensions()).unwrap().count(), 0, "something was left behind");
    assert_eq!(run(&home, &["ext", "install", file.to_str().unwrap()]).code, Some(0));
    assert_eq!(run(&home, &["ext", "rm", "guard", "-y", "--purge"]).code, Some(0));
    assert!(!data.exists() && !log.exists());
}

#[test]
fn without_a_terminal_nobody_is_asked() {
    let home = Home::new();
    home.install_component("guard");
    let ran = run_with_input(&home, "y\n", &["ext", "remove", "guard"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{ran:?}");
    assert!(ran.err.contains("say --yes"), "{ran:?}");
    assert_eq!(listed(&home).len(), 1);
}

#[test]
fn only_what_is_the_users_own_is_removed() {
    let home = Home::new();
    let outside = home.project().join("mine");
    place_files(&outside, &[("extension.json", r#"{"name":"linked","exec":"sh"}"#), ("note", "mine")]);
    symlink(&outside, home.extensions().join("somewhere")).unwrap();
    assert_eq!(run(&home, &["ext", "remove", "linked", "-y"]).code, Some(0));
    assert!(outside.join("note").exists(), "what the link leads to was removed");
    assert_eq!(listed(&home).len(), 0);

    place_component("probe", &home.project().join(".wharf/extensions/probe.wasm"));
    for name in ["probe", "nobody", "extension.json"] {
        let ran = run(&home, &["ext", "remove", name, "-y"]);
        assert!(
            ran.code == Some(1) && ran.err.contains(&format!("there is no extension \"{name}\"")),
            "{ran:?}"
        );
    }
    let ran = run(&home, &["ext", "remove", "../x", "-y"]);
    assert!(ran.code == Some(1) && ran.err.contains("not the name of an extension"), "{ran:?}");
}

#[test]
fn by_its_name_and_where_that_cannot_be_read_by_its_directory() {
    let home = Home::new();
    let folder = |name: &str, manifest: &str| {
        place_files(&home.extensions().join(name), &[("extension.json", manifest)]);
    };
    folder("a", r#"{"name":"b","exec":"sh","enabled":false}"#);
    folder("broken", "{");
    assert_eq!(run(&home, &["ext", "remove", "a", "-y"]).code, Some(1));
    assert_eq!(run(&home, &["ext", "remove", "b", "-y"]).code, Some(0));
    assert_eq!(run(&home, &["ext", "remove", "broken", "-y"]).code, Some(0));
    assert_eq!(fs::read_dir(home.extensions()).unwrap().count(), 0);
    folder("one", r#"{"name":"twice","exec":"sh"}"#);
    folder("two", r#"{"name":"twice","exec":"sh"}"#);
    let ran = run(&home, &["ext", "remove", "twice", "-y"]);
    assert!(ran.code == Some(1) && ran.err.contains("several \"twice\""), "{ran:?}");
}

#[test]
fn a_removal_that_fails_names_what_is_left_and_the_next_step() {
    let home = Home::new();
    let file = place_component("guard", &home.project().join("x.wasm"));
    assert_eq!(run(&home, &["ext", "install", file.to_str().unwrap()]).code, Some(0));
    // The entry cannot be taken out of the file.
    fs::create_dir(home.path().join("wharf.lock.new")).unwrap();
    let ran = run(&home, &["ext", "remove", "guard", "-y"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let lock = home.path().join("wharf.lock").display().to_string();
    for told in ["\"guard\" is removed; left is ", &lock, "`wharf ext remove guard` takes it out once"] {
        assert!(ran.err.contains(told), "{told}: {}", ran.err);
    }
    assert_eq!(ran.err.matches(&lock).count(), 2, "{}", ran.err);
    fs::remove_dir(home.path().join("wharf.lock.new")).unwrap();
    assert_eq!(run(&home, &["ext", "remove", "guard", "-y"]).code, Some(0));
}
