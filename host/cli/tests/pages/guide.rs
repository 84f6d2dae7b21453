//! `docs/guide.md`: the first extension.

use std::path::Path;

use wharf_test_support::guests::workspace;
use wharf_test_support::without_python;

use crate::lesson::{Lesson, check};
use crate::page::piece;

/// Whether components in Rust can be built by a plain call of cargo.
pub(crate) fn has_target() -> bool {
    let output = std::process::Command::new("rustc").args(["--print", "sysroot"]).output().unwrap();
    let sysroot = String::from_utf8(output.stdout).unwrap();
    Path::new(sysroot.trim()).join("lib/rustlib/wasm32-wasip2/lib").is_dir()
}

#[test]
#[allow(clippy::print_stderr, reason = "whoever runs the tests is to see what was passed over")]
fn in_rust() {
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("guide");
    std::fs::create_dir_all(&kept).unwrap();
    // What others wrote is compiled once, in the versions that this workspace has.
    let (lock, kept) = (workspace().join("Cargo.lock").display().to_string(), kept.display().to_string());
    let lesson = Lesson::new("guide.md")
        // The reader stands in the checkout, and begins with `cd ..`.
        .besides("mkdir checkout && cd checkout")
        .section("In Rust", &[])
        .besides(&format!("ln -s '{kept}' target\ncp '{lock}' ."))
        // The piece of a program belongs into `start`.
        .besides(&format!("cat > piece <<'END'\n{}END", piece("guide.md", "As a component")))
        .besides("sed '/fn start(/r piece' src/lib.rs > new && mv new src/lib.rs");
    let as_a_component =
        ["Hello, Ada!", "installed ", "hello", "greeted so far: 0", "hello: no shouting", "working in "];
    let as_a_subprocess = ["removed ", "Hello, Ada!"];
    if has_target() {
        let lesson = lesson.section("As a component", &[]).section("As a subprocess", &[]);
        check(&lesson.run(), &[as_a_component.as_slice(), &as_a_subprocess].concat());
    } else {
        eprintln!("passed over: the component, rustup has no wasm32-wasip2");
        let lesson = lesson.section("As a subprocess", &[("wharf ext remove hello --yes", "true")]);
        check(&lesson.run(), &as_a_subprocess[1..]);
    }
}

#[test]
fn in_python_and_when_something_does_not_work() {
    if without_python() {
        return;
    }
    let lesson = Lesson::new("guide.md").section("In Python", &[]);
    let done = lesson.section("When something does not work", &[("NAME", "clock")]).run();
    check(&done, &["20", ":", ":", "clock", "python3 clock.py", "", "clock"]);
    let year = done.iter().find(|done| done.command.contains("%Y")).unwrap();
    assert!(year.out.trim().parse::<u32>().is_ok_and(|year| year > 2000), "{year:?}");
}

#[test]
fn in_shell() {
    let done = Lesson::new("guide.md").section("In shell", &[]).run();
    let rolled = done.iter().find(|done| done.command.starts_with("wharf -p")).unwrap();
    let rolls: Vec<u32> = rolled.out.lines().filter_map(|line| line.trim().parse().ok()).collect();
    assert!(rolls.len() == 2 && rolls.iter().all(|roll| (1..=6).contains(roll)), "{rolled:?}");
}
