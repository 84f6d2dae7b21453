use std::fs;

use super::*;
use crate::extension::Program;
use crate::manifest::Manifest;

fn extension(directory: &Path, origin: Origin) -> Extension {
    fs::create_dir_all(directory).unwrap();
    fs::write(directory.join("extension.json"), "{}").unwrap();
    Extension {
        id: ExtensionId::new("guard").unwrap(),
        manifest: Manifest { name: "guard".into(), ..Manifest::default() },
        program: Program::Subprocess { exec: "guard".into(), args: Vec::new() },
        directory: directory.to_owned(),
        place: directory.to_owned(),
        origin,
    }
}

fn hooks(count: usize) -> Vec<HookSpec> {
    let glob = |number: usize| format!("{number}{}", "x".repeat(1000));
    let tools: Vec<String> = (0..count).map(glob).collect();
    let tools = tools.iter().map(String::as_str);
    vec![HookSpec::on(HookPoint::ToolCall).tools(tools).on_failure(OnFailure::Closed)]
}

/// The names of those that are missing.
fn missed(list: &Watchmen, found: &Discovery, places: &Places) -> usize {
    missing(list.entries().unwrap(), found, places).len()
}

#[test]
fn who_is_looked_for_and_is_neither_there_nor_switched_off_is_missing() {
    let home = tempfile::tempdir().unwrap();
    let shelf = home.path().canonicalize().unwrap().join("extensions");
    let list = Watchmen::new(home.path().join("guards.json"));
    let guard = extension(&shelf.join("guard"), Origin::User);
    list.keep(&guard, || Some(hooks(1))).unwrap();
    let places = Places { user: vec![shelf.clone()], ..Places::default() };
    let nothing = Discovery::default;
    let there = Discovery { extensions: vec![guard.clone()], ..nothing() };
    let off = Discovery { disabled: vec![guard.clone()], ..nothing() };
    assert_eq!(missed(&list, &nothing(), &places), 1);
    assert_eq!(missed(&list, &there, &places), 0);
    assert_eq!(missed(&list, &off, &places), 0);
    assert_eq!(missed(&list, &nothing(), &Places::default()), 0, "nobody looks there");
    let switched_off = Places { switched_off: ["guard".to_owned()].into(), ..places.clone() };
    assert_eq!(missed(&list, &nothing(), &switched_off), 0);

    let other = extension(&shelf.join("another"), Origin::User);
    let impostor = Discovery { extensions: vec![other.clone()], ..nothing() };
    assert_eq!(missed(&list, &impostor, &places), 1, "another has its name");
    list.keep(&other, || Some(Vec::new())).unwrap();
    assert_eq!(missed(&list, &impostor, &places), 1, "and does not change what is known");
    let named = extension(&home.path().join("named"), Origin::Explicit);
    assert_eq!(missed(&list, &Discovery { extensions: vec![named], ..nothing() }, &places), 0);
    fs::remove_dir_all(shelf.join("guard")).unwrap();
    assert_eq!(missed(&list, &impostor, &places), 0, "it has moved");
    fs::remove_dir_all(&shelf).unwrap();
    assert_eq!(missed(&list, &nothing(), &places), 1, "all of them are gone");
    assert!(list.forget(&guard.id).unwrap() && !list.forget(&guard.id).unwrap());
    assert_eq!(missed(&list, &nothing(), &places), 0);
}

#[test]
fn a_guard_of_a_project_counts_where_that_is_trusted() {
    let home = tempfile::tempdir().unwrap();
    let shelf = |project| home.path().canonicalize().unwrap().join(project).join(".wharf/extensions");
    let list = Watchmen::new(home.path().join("guards.json"));
    for project in ["a", "b"] {
        list.keep(&extension(&shelf(project).join("guard"), Origin::Project), || Some(hooks(1))).unwrap();
    }
    assert_eq!(list.entries().unwrap().len(), 2, "each has its own");
    let places = |trust| Places { project: vec![shelf("a")], trust, ..Places::default() };
    assert_eq!(missed(&list, &Discovery::default(), &places(Trust::Trusted)), 1);
    assert_eq!(missed(&list, &Discovery::default(), &places(Trust::Untrusted)), 0);
}

#[test]
fn nothing_is_written_without_need_and_no_entry_is_long() {
    let home = tempfile::tempdir().unwrap();
    let list = Watchmen::new(home.path().join("guards.json"));
    let guard = extension(&home.path().join("guard"), Origin::User);
    list.keep(&guard, || Some(Vec::new())).unwrap();
    list.keep(&guard, || None).unwrap();
    assert!(!list.forget(&guard.id).unwrap());
    assert!(!home.path().join("guards.json").exists());
    list.keep(&guard, || Some(hooks(100))).unwrap();
    let kept = &list.entries().unwrap()[0];
    assert_eq!(kept.hooks, [HookSpec::on(HookPoint::ToolCall).on_failure(OnFailure::Closed)]);
    list.keep(&guard, || Some(Vec::new())).unwrap();
    assert!(list.entries().unwrap().is_empty(), "a version that guards nothing");
}
