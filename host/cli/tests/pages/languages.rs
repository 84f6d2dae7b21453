//! `docs/languages.md`: extensions in other languages. What makes components is installed by `cargo xtask guests`, beside
//! the guests; the pages' commands find it where they would have installed it.

use std::path::PathBuf;

use wharf_test_support::guests::skipped;

use crate::lesson::{Lesson, check};
use crate::page::piece;

/// The call that builds the component in Python; before it, the piece of a program is put where it belongs.
const BUILD: &str = "../wordcount-venv/bin/componentize-py --wit-path ../wharf/wit --world tool-pack";

/// Where a language's tool is.
fn tool(language: &str) -> PathBuf {
    let guests = std::env::var_os("WHARF_GUESTS").expect("WHARF_GUESTS, as `cargo xtask test` sets it");
    let tool = PathBuf::from(guests).join("../tools").join(language);
    tool.canonicalize()
        .unwrap_or_else(|error| panic!("{}: {error}; run `cargo xtask guests`", tool.display()))
}

#[test]
fn python_as_a_component() {
    if skipped("wordcount") {
        return;
    }
    let packages = tool("python").join("packages").display().to_string();
    let run = "from componentize_py import script; script()";
    let script = format!("#!/bin/sh\nPYTHONPATH='{packages}' exec python3 -c '{run}' \"$@\"");
    let piece = piece("languages.md", "Python as a component");
    let (imports, rest): (Vec<&str>, Vec<&str>) =
        piece.lines().filter(|line| !line.is_empty()).partition(|line| line.starts_with("from "));
    let splice = format!(
        "sed -e 's/^import json$/&\\\n{}/' -e 's/^    def init.*$/&\\\n        {}/' wordcount.py > new; \
         mv new wordcount.py; ",
        imports.join("; "),
        rest.join("; "),
    );
    let done = Lesson::new("languages.md")
        .besides("mkdir -p wordcount-venv/bin")
        .besides(&format!("cat > wordcount-venv/bin/componentize-py <<'END'\n{script}\nEND"))
        .besides("chmod +x wordcount-venv/bin/componentize-py")
        .section("Python as a component", &[(BUILD, &format!("{splice}{BUILD}"))])
        .besides("cat \"$WHARF_HOME/logs/ext-wordcount.log\"")
        .run();
    check(&done, &["1 line, 3 words, 5 characters"]);
    let log = &done.last().unwrap().out;
    assert!(log.contains("info: a line in the log"), "{log}");
}

#[test]
fn javascript_as_a_component_and_in_one_file() {
    if skipped("fetch") {
        return;
    }
    let modules = tool("javascript").join("node_modules").display().to_string();
    let done = Lesson::new("languages.md")
        .besides(&format!("ln -s '{modules}' node_modules"))
        .section("JavaScript as a component", &[])
        .section("One file", &[])
        .run();
    check(&done, &["A B C", "working in ", "shout"]);
}

#[test]
#[allow(clippy::print_stderr, reason = "whoever runs the tests is to see what was passed over")]
fn any_language_as_a_subprocess() {
    let node = std::process::Command::new("node").arg("--version").output();
    if node.is_err() && std::env::var_os("CI").is_none() {
        eprintln!("passed over: node is not installed");
        return;
    }
    let done = Lesson::new("languages.md").section("Any language as a subprocess", &[]).run();
    check(&done, &["A B C"]);
}
