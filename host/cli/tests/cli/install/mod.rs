//! `wharf ext install`: what is taken, what is refused, and that it is there whole or not at all.

mod git;
mod halfway;
mod refused;
mod replace;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use wharf_test_support::home::place_files;
use wharf_test_support::{Home, guests};

use crate::list::{entry, listed};
use crate::program::{Ran, run};

const MANIFEST: &str = r#"{"name":"greet","version":"1.2.0","exec":"./greet.sh"}"#;

/// A folder beside the project that is an extension.
fn source(home: &Home, name: &str) -> PathBuf {
    let folder = home.project().join(name);
    place_files(&folder, &[("extension.json", MANIFEST), ("greet.sh", "#!/bin/sh\ntouch \"$0\".ran\n")]);
    fs::set_permissions(folder.join("greet.sh"), fs::Permissions::from_mode(0o4777)).unwrap();
    folder
}

fn install(home: &Home, source: impl AsRef<Path>) -> Ran {
    run(home, &["ext", "install", source.as_ref().to_str().unwrap()])
}

/// What lies in the home, dot-files too.
fn everything(home: &Home) -> Vec<String> {
    let mut names = Vec::new();
    let mut left = vec![home.path()];
    while let Some(directory) = left.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            names.push(path.strip_prefix(home.path()).unwrap().display().to_string());
            if path.is_dir() && !path.is_symlink() {
                left.push(path);
            }
        }
    }
    names.sort();
    names
}

fn lock(home: &Home) -> String {
    fs::read_to_string(home.path().join("wharf.lock")).unwrap_or_default()
}

/// It is refused with these words, and nothing has changed.
fn is_refused(home: &Home, source: impl AsRef<Path>, words: &[&str]) {
    let (before, locked) = (everything(home), lock(home));
    let ran = install(home, source);
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{ran:?}");
    for word in words {
        assert!(ran.err.contains(word), "{word}: {}", ran.err);
    }
    assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
    assert_eq!((everything(home), lock(home)), (before, locked), "something was left behind");
}

#[test]
fn a_folder() {
    let home = Home::new();
    let folder = source(&home, "elsewhere");
    fs::create_dir(folder.join("lib")).unwrap();
    symlink("../greet.sh", folder.join("lib/again")).unwrap();
    let ran = install(&home, &folder);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for told in
        ["name:      greet", "version:   1.2.0", "backend:   subprocess", "with all your rights", "sha256:"]
    {
        assert!(ran.out.contains(told), "{told}: {}", ran.out);
    }
    let place = home.extensions().join("greet");
    assert!(ran.err.ends_with(&format!("installed {}\n", place.display())), "{}", ran.err);
    let mode = fs::metadata(place.join("greet.sh")).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode, 0o755, "{mode:o}");
    assert_eq!(fs::read_link(place.join("lib/again")).unwrap(), Path::new("../greet.sh"));
    assert_eq!(entry(&home, "greet")["state"], "enabled");
    let digest = ran.out.lines().find_map(|line| line.strip_prefix("sha256:")).unwrap().trim();
    let locked = lock(&home);
    assert!(locked.contains(&format!("sha256 = \"{digest}\"")) && digest.len() == 64, "{locked}");
    assert!(locked.contains(&format!("source = \"{}\"", folder.display())), "{locked}");
    assert!(!folder.join("greet.sh.ran").exists() && !place.join("greet.sh.ran").exists(), "it was run");
    is_refused(
        &home,
        &folder,
        &["\"greet\" is there already", "remove it first: `wharf ext remove greet`, or put"],
    );
}

#[test]
fn a_component() {
    let home = Home::new();
    let file = home.project().join("other-name.wasm");
    fs::copy(guests::component("guard"), &file).unwrap();
    let ran = install(&home, &file);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for told in ["backend:   component", "api:       0.1.0", "hooks:     tool_call", "asks for:  nothing"] {
        assert!(ran.out.contains(told), "{told}: {}", ran.out);
    }
    assert!(home.extensions().join("guard.wasm").is_file(), "{:?}", everything(&home));
    let sum = Command::new("sha256sum").arg(&file).output().unwrap().stdout;
    let sum = String::from_utf8(sum).unwrap();
    assert!(lock(&home).contains(sum.split(' ').next().unwrap()), "{}", lock(&home));
}

#[test]
fn what_it_asks_for_is_shown_before_it_has_its_place() {
    let home = Home::new();
    let folder = source(&home, "elsewhere");
    // What is written down cannot be written, so that it gets no place.
    fs::create_dir(home.path().join("wharf.lock.new")).unwrap();
    let ran = install(&home, &folder);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.out.contains("asks for:  to run as a program with all your rights"), "{ran:?}");
    let place = home.extensions().join("greet");
    assert!(ran.out.contains(&format!("runs:      {}/greet.sh", place.display())), "{ran:?}");
    assert!(!place.exists() && listed(&home).is_empty(), "{:?}", everything(&home));
}
