//! Finding extensions: what counts, in which order, and what is told about the rest.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "test code")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use wharf_extensions::discovery::{Discovery, Places, discover};
use wharf_extensions::extension::{Origin, Program};
use wharf_extensions::trust::Trust;

struct Place {
    root: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        for name in ["user", "project", "elsewhere"] {
            fs::create_dir(root.path().join(name)).unwrap();
        }
        Self { root }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.path().canonicalize().unwrap().join(path)
    }

    fn write(&self, path: &str, text: &[u8]) -> PathBuf {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    fn folder(&self, path: &str, manifest: &str) {
        self.write(&format!("{path}/extension.json"), manifest.as_bytes());
    }

    fn executable(&self, path: &str) {
        let path = self.write(path, b"#!/bin/sh\n");
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn look(&self, trust: Trust) -> Discovery {
        let places = Places {
            user: vec![self.path("user"), self.path("nowhere")],
            project: vec![self.path("project")],
            trust,
            ..Places::default()
        };
        discover(&places)
    }
}

fn names(found: &Discovery) -> Vec<&str> {
    found.extensions.iter().map(|extension| extension.id.as_str()).collect()
}

fn problems(found: &Discovery) -> Vec<&str> {
    found.problems.iter().map(|problem| problem.message.as_str()).collect()
}

#[test]
fn everything_that_counts_is_found_in_sorted_order() {
    let place = Place::new();
    place.write("user/c.wasm", b"\0asm\x0d\0\x01\0");
    place.folder("user/b", r#"{"name":"beta","version":"1","exec":"bin/run"}"#);
    place.executable("user/a");
    place.write("user/readme.txt", b"not executable");
    place.write("user/.hidden.wasm", b"");
    let found = place.look(Trust::Untrusted);
    assert_eq!(names(&found), ["a", "beta", "c"]);
    assert_eq!(problems(&found), [""; 0]);
    let beta = &found.extensions[1];
    assert_eq!(
        beta.program,
        Program::Subprocess { exec: place.path("user/b/bin/run"), args: Vec::new() },
        "a path in \"exec\" is one inside the extension's directory"
    );
    assert_eq!((beta.origin, &beta.directory), (Origin::User, &place.path("user/b")));
}

#[test]
fn a_project_is_listed_and_not_read_until_it_is_trusted() {
    let place = Place::new();
    place.folder("project/x", r#"{"name":"x","exec":"run"}"#);
    place.folder("project/broken", "not json");
    place.write("project/y.wasm", b"");
    place.executable("project/bare");
    let found = place.look(Trust::Untrusted);
    assert_eq!(names(&found), [""; 0]);
    assert_eq!(problems(&found), [""; 0], "what is not read cannot be broken");
    let inert: Vec<_> = found.inert.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(inert, ["broken", "x", "y.wasm"]);

    let found = place.look(Trust::Trusted);
    assert_eq!(names(&found), ["x", "y"], "a bare executable counts in the user's directory alone");
    assert_eq!(found.problems.len(), 1);
}

#[test]
fn links_are_followed_for_the_user_and_not_for_a_project() {
    let place = Place::new();
    place.folder("elsewhere/linked", r#"{"name":"linked","exec":"run"}"#);
    symlink(place.path("elsewhere/linked"), place.path("user/linked")).unwrap();
    assert_eq!(names(&place.look(Trust::Trusted)), ["linked"]);
    fs::remove_file(place.path("user/linked")).unwrap();
    symlink(place.path("elsewhere/linked"), place.path("project/linked")).unwrap();
    let found = place.look(Trust::Trusted);
    assert_eq!(names(&found), [""; 0]);
    assert!(problems(&found)[0].ends_with("a link in a project's extension directory is not followed"));
}

#[test]
fn the_first_of_two_with_one_name_is_started_and_both_are_named() {
    let place = Place::new();
    place.folder("user/one", r#"{"name":"same","exec":"run"}"#);
    place.folder("user/two", r#"{"name":"same","exec":"run"}"#);
    place.folder("project/three", r#"{"name":"same","exec":"run"}"#);
    let found = place.look(Trust::Trusted);
    assert_eq!(found.extensions.len(), 1);
    assert_eq!(found.extensions[0].directory, place.path("user/one"));
    let first = place.path("user/one/extension.json");
    for (problem, path) in found.problems.iter().zip(["user/two", "project/three"]) {
        assert_eq!(problem.path, place.path(path).join("extension.json"));
        assert!(problem.message.contains(&first.display().to_string()), "{}", problem.message);
    }
    assert_eq!(found.problems.len(), 2);
}

#[test]
fn one_that_is_switched_off_is_kept_apart_and_takes_no_name() {
    let place = Place::new();
    place.folder("user/off", r#"{"name":"same","exec":"run","enabled":false}"#);
    place.folder("user/on", r#"{"name":"same","exec":"run"}"#);
    let found = place.look(Trust::Untrusted);
    assert_eq!(names(&found), ["same"]);
    assert_eq!(found.disabled.len(), 1);
    assert!(found.problems.is_empty());
}

#[test]
fn each_mistake_is_told_with_its_file() {
    for (manifest, expected) in [
        (r#"{"name":"x","exec":"a","wasm":"b.wasm"}"#, "1:24: it has both \"exec\" and \"wasm\"; keep one"),
        (r#"{"name":"x"}"#, "1:1: \"exec\" (a program) or \"wasm\" (a component) is required"),
        (
            r#"{"name":"x","wasm":"../../x.wasm"}"#,
            "1:13: \"wasm\" is \"../../x.wasm\"; it must lie inside the extension's directory",
        ),
        (
            r#"{"name":"x","wasm":"/x.wasm"}"#,
            "1:13: \"wasm\" is \"/x.wasm\"; it must lie inside the extension's directory",
        ),
    ] {
        let place = Place::new();
        place.folder("user/x", manifest);
        let file = place.path("user/x/extension.json");
        assert_eq!(
            problems(&place.look(Trust::Untrusted)),
            [format!("manifest: {}:{expected}", file.display())]
        );
    }
    let place = Place::new();
    place.folder("user/x", "{\"name\":3}");
    let file = place.path("user/x/extension.json");
    assert_eq!(
        problems(&place.look(Trust::Untrusted)),
        [format!(
            "manifest: {}:1:2: invalid type: integer `3`, expected a string, in \"name\"; mend it, or remove the extension",
            file.display()
        )]
    );
    let place = Place::new();
    fs::create_dir(place.path("user/x")).unwrap();
    assert!(problems(&place.look(Trust::Untrusted))[0].contains("there is no extension.json in it"));
}

#[test]
fn what_is_named_explicitly_goes_first_and_a_bad_path_is_told() {
    let place = Place::new();
    place.folder("user/x", r#"{"name":"same","exec":"run"}"#);
    place.folder("elsewhere/x", r#"{"name":"same","exec":"run"}"#);
    let explicit = vec![place.path("elsewhere/x"), place.path("nothing"), PathBuf::from("/dev/null")];
    let found = discover(&Places { explicit, user: vec![place.path("user")], ..Places::default() });
    assert_eq!(found.extensions[0].origin, Origin::Explicit);
    assert_eq!(found.extensions.len(), 1);
    let told = problems(&found);
    assert!(told[0].starts_with(&format!("{}: --ext: ", place.path("nothing").display())), "{told:?}");
    assert!(told[1].contains("--ext takes a directory or a .wasm file"), "{told:?}");
    assert!(told[2].contains("is taken by"), "{told:?}");
}

#[test]
fn a_manifest_inside_a_component_is_found_where_a_linker_puts_it() {
    let manifest = br#"{"name":"inner","version":"2.0.0"}"#;
    let mut module = b"\0asm\x01\0\0\0".to_vec();
    module.extend(custom_section(manifest));
    let mut component = b"\0asm\x0d\0\x01\0".to_vec();
    component.push(1);
    component.push(u8::try_from(module.len()).unwrap());
    component.extend(&module);
    let place = Place::new();
    place.write("user/file.wasm", &component);
    assert_eq!(names(&place.look(Trust::Untrusted)), ["inner"]);

    let outer = br#"{"name":"outer"}"#;
    let mut both = component.clone();
    both.extend(custom_section(outer));
    place.write("user/file.wasm", &both);
    assert_eq!(
        names(&place.look(Trust::Untrusted)),
        ["outer"],
        "the top level counts before a module inside"
    );

    both.extend(custom_section(outer));
    place.write("user/file.wasm", &both);
    let found = place.look(Trust::Untrusted);
    assert!(problems(&found)[0].contains("holds 2 manifests"), "{:?}", problems(&found));
}

fn custom_section(data: &[u8]) -> Vec<u8> {
    let name = b"wharf:manifest";
    let mut body = vec![u8::try_from(name.len()).unwrap()];
    body.extend(name);
    body.extend(data);
    let mut section = vec![0, u8::try_from(body.len()).unwrap()];
    section.extend(body);
    section
}

#[test]
fn a_directory_of_a_project_that_cannot_be_listed_is_told() {
    let place = Place::new();
    for number in 0..4097 {
        place.write(&format!("project/{number}"), b"");
    }
    let found = place.look(Trust::Untrusted);
    assert!(found.inert.is_empty());
    let told = problems(&found);
    assert!(
        told[0].contains("more than 4096 entries") && told[0].contains("nothing of it is listed"),
        "{told:?}"
    );
    assert!(!found.problems[0].fatal, "nothing is lost that would be started");
}

#[test]
fn a_directory_that_is_not_there_is_no_problem() {
    let places = Places { user: vec![PathBuf::from("/nowhere/at/all")], ..Places::default() };
    let found = discover(&places);
    assert!(found.extensions.is_empty() && found.problems.is_empty());
    assert!(Path::new("/nowhere").metadata().is_err());
}
