//! What is refused, and leaves nothing behind.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use wharf_test_support::home::place_files;
use wharf_test_support::{Home, guests};

use crate::program::run;

use super::git::{commit, repository};
use super::*;

#[test]
fn what_is_no_extension_is_refused() {
    let home = Home::new();
    let at = |name: &str| home.project().join(name);
    let folder = |name: &str, manifest: &str| place_files(&at(name), &[("extension.json", manifest)]);
    fs::create_dir(at("empty")).unwrap();
    place_files(&home.project(), &[("run.sh", "#!/bin/sh\n"), ("text.wasm", "not a component")]);
    is_refused(&home, at("nowhere"), &["nowhere"]);
    is_refused(&home, at("empty"), &["empty: there is no extension.json in it"]);
    is_refused(&home, at("run.sh"), &["run.sh", "\"exec\""]);
    is_refused(&home, at("text.wasm"), &["the file is not a WebAssembly component"]);
    let typed = folder("typed", "{\"name\":\"x\",\n\"exec\":3}");
    is_refused(&home, &typed, &["typed/extension.json:2:1: invalid type"]);
    is_refused(&home, folder("name", r#"{"name":"../x","exec":"sh"}"#), &["\"name\""]);
    is_refused(
        &home,
        folder("gone", r#"{"name":"x","exec":"./gone"}"#),
        &["gone/gone: the program is not there"],
    );
    is_refused(&home, folder("out", r#"{"name":"x","exec":"./../run.sh"}"#), &["its program lies outside"]);
    is_refused(&home, folder("wasm", r#"{"name":"x","wasm":"x.wasm"}"#), &["the component is not there"]);
    let other = folder("other", r#"{"name":"other","wasm":"x.wasm"}"#);
    fs::copy(guests::component("guard"), other.join("x.wasm")).unwrap();
    is_refused(&home, &other, &["names it \"guard\", extension.json \"other\""]);
}

#[test]
fn a_folder_that_holds_a_link_out_of_itself_is_refused() {
    let home = Home::new();
    let folder = source(&home, "links");
    let secret = home.project().join("secret");
    fs::write(&secret, "secret").unwrap();
    let link = folder.join("link");
    for leads in
        [secret.to_str().unwrap(), "../secret", "../links/greet.sh", "../greet/greet.sh", "nowhere", "link"]
    {
        symlink(leads, &link).unwrap();
        is_refused(&home, &folder, &["links/link: the link leads out of the extension, or nowhere"]);
        fs::remove_file(&link).unwrap();
    }
    fs::hard_link(&secret, &link).unwrap();
    is_refused(&home, &folder, &["link: it is a hard link to a file outside"]);
    fs::remove_file(&link).unwrap();
    fs::hard_link(folder.join("greet.sh"), &link).unwrap();
    assert_eq!(install(&home, &folder).code, Some(0), "both names lie inside");
    let (repository, _) = repository(&home, "repository");
    symlink("../../secret", repository.join("link")).unwrap();
    commit(&repository);
    assert_eq!(run(&home, &["ext", "remove", "greet", "-y"]).code, Some(0));
    is_refused(&home, format!("file://{}", repository.display()), &["the link leads out"]);
}

#[test]
fn what_is_no_file_or_too_much_is_refused() {
    let home = Home::new();
    let folder = source(&home, "odd");
    let pipe = folder.join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    is_refused(&home, &folder, &["odd/pipe: it is a pipe, a socket or a device"]);
    fs::remove_file(&pipe).unwrap();
    let socket = std::os::unix::net::UnixListener::bind(&pipe).unwrap();
    is_refused(&home, &folder, &["odd/pipe: it is a pipe, a socket or a device"]);
    drop(socket);
    fs::remove_file(&pipe).unwrap();
    let large = fs::File::create(folder.join("large")).unwrap();
    large.set_len((64 << 20) + 1).unwrap();
    is_refused(&home, &folder, &["more than 64 MiB together"]);
    fs::remove_file(folder.join("large")).unwrap();
    let many = folder.join("many");
    fs::create_dir(&many).unwrap();
    for number in 0..10_000 {
        fs::File::create(many.join(number.to_string())).unwrap();
    }
    is_refused(&home, &folder, &["more than 10000 files"]);
}

#[test]
fn a_lock_file_that_cannot_be_used_is_refused_and_kept() {
    let home = Home::new();
    let folder = source(&home, "elsewhere");
    let file = home.path().join("wharf.lock");
    for (text, told) in [
        ("version = 1\n[[extension]]\nname = 3\n", "wharf.lock:3:8: invalid type"),
        ("version = 9\nnew = true\n", "wharf.lock:1:11: it has version 9, this program knows version 1"),
    ] {
        fs::write(&file, text).unwrap();
        is_refused(&home, &folder, &[told, "move it away"]);
        let ran = run(&home, &["ext", "remove", "greet", "--yes"]);
        assert!(ran.code == Some(1) && ran.err.contains(told), "{ran:?}");
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
    }
    fs::remove_file(&file).unwrap();
    assert_eq!(install(&home, &folder).code, Some(0));
}

#[test]
fn a_source_around_the_home_or_in_it_is_refused() {
    let home = Home::new();
    let root = home.path().parent().unwrap().to_owned();
    fs::write(root.join("extension.json"), r#"{"name":"around","exec":"sh"}"#).unwrap();
    is_refused(&home, &root, &["directory of extensions", "lies in it", "holds the extension alone"]);
    is_refused(&home, root.join("project/.."), &["lies in it"]);
    fs::remove_dir(home.extensions()).unwrap();
    is_refused(&home, &root, &["lies in it"]);
    fs::remove_dir(home.path()).unwrap();
    let ran = install(&home, &root);
    assert!(ran.code == Some(1) && ran.err.contains("lies in it") && !home.path().exists(), "{ran:?}");
    let inner = home.extensions().join("outer/inner");
    place_files(&inner, &[("extension.json", r#"{"name":"inner","exec":"sh"}"#)]);
    is_refused(&home, &inner, &["it lies in Wharf's own directory of extensions", "move it out first"]);
    symlink(&inner, home.project().join("link")).unwrap();
    is_refused(&home, home.project().join("link"), &["move it out first"]);
}
