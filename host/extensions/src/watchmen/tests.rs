use std::fs;

use wharf_protocol::hook::{HookPoint, OnFailure};

use super::*;
use crate::discovery::{Discovery, Places};
use crate::extension::Program;
use crate::manifest::Manifest;
use crate::trust::Trust;

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
    list.missing(list.entries().unwrap(), found, places).len()
}

/// Those that would be started.
fn started<const N: usize>(extensions: [&Extension; N]) -> Discovery {
    Discovery { extensions: extensions.map(Clone::clone).to_vec(), ..Discovery::default() }
}

fn closed(point: HookPoint) -> Vec<HookSpec> {
    vec![HookSpec::on(point).on_failure(OnFailure::Closed)]
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

    let named = extension(&home.path().join("named"), Origin::Explicit);
    assert_eq!(missed(&list, &started([&named]), &places), 0);
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

#[test]
fn a_namesake_takes_the_place_of_a_guard_when_it_guards_as_much() {
    let home = tempfile::tempdir().unwrap();
    let shelf = home.path().canonicalize().unwrap().join("extensions");
    let list = Watchmen::new(home.path().join("guards.json"));
    let (guard, other) =
        (extension(&shelf.join("guard"), Origin::User), extension(&shelf.join("b"), Origin::User));
    list.keep(&guard, || Some(closed(HookPoint::ToolCall))).unwrap();
    let places = Places { user: vec![shelf.clone()], ..Places::default() };
    let off = Discovery { disabled: vec![other.clone()], ..Discovery::default() };
    for is_gone in [false, true] {
        if is_gone {
            fs::remove_dir_all(&guard.place).unwrap();
        }
        let told = list.missing(list.entries().unwrap(), &off, &places);
        assert!(told[0].why.contains("is another one that is switched off"), "{told:?}");
        let told = list.missing(list.entries().unwrap(), &started([&other]), &places);
        assert_eq!(told[0].taken_by, Some(other.place.clone()), "what it guards is not known");
        assert!(
            told[0].why.contains("`wharf ext disable guard` and then `wharf ext enable guard`"),
            "{told:?}"
        );
        list.keep(&other, || Some(Vec::new())).unwrap();
        list.keep(&other, || Some(closed(HookPoint::Prompt))).unwrap();
        let kept = &list.entries().unwrap()[0];
        assert_eq!((&kept.path, kept.hooks.len()), (&guard.place, 2), "what it guards comes on top");
    }
    let all = [closed(HookPoint::ToolCall), closed(HookPoint::Prompt)].concat();
    list.keep(&other, || Some(all.clone())).unwrap();
    assert_eq!(list.entries().unwrap()[0].path, other.place);
    assert_eq!(missed(&list, &started([&other]), &places), 0);
    assert_eq!(missed(&list, &off, &places), 0, "now it is the one that is switched off");
    list.keep(&other, || Some(Vec::new())).unwrap();
    assert!(list.entries().unwrap().is_empty(), "a later version of itself guards less");
}

#[test]
fn a_guard_is_missed_whatever_the_path_of_its_directory_is() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path().canonicalize().unwrap();
    let (own, zot) = (home.join("own"), home.join("zot"));
    let both = |own: &Path| [(UserShelf::Wharf, own.to_owned()), (UserShelf::Zot, zot.clone())];
    let watchmen = |own: &Path| Watchmen::new(home.join("guards.json")).shelves(both(own));
    let list = watchmen(&own);
    let guard = extension(&home.join("disk/guard"), Origin::User);
    let places = |shelves: &[&PathBuf]| Places {
        user: shelves.iter().map(|shelf| (*shelf).clone()).collect(),
        ..Places::default()
    };
    let nothing = Discovery::default;
    // As by a link from its own directory, that leads elsewhere afterwards.
    list.keep(&guard, || Some(closed(HookPoint::ToolCall))).unwrap();
    assert_eq!(list.entries().unwrap()[0].shelf, Some(UserShelf::Wharf));
    assert_eq!(missed(&list, &nothing(), &places(&[&own, &zot])), 1);
    assert_eq!(missed(&list, &nothing(), &places(&[&zot])), 0, "nobody looks there");
    let moved = extension(&home.join("other disk/guard"), Origin::User);
    assert_eq!(
        missed(&list, &started([&moved]), &places(&[&own])),
        0,
        "the same entry of the same directory"
    );
    let new_home = home.join("new/own");
    assert_eq!(missed(&watchmen(&new_home), &nothing(), &places(&[&new_home])), 1);

    let guard = extension(&zot.join("guard"), Origin::User);
    fs::remove_file(home.join("guards.json")).unwrap();
    list.keep(&guard, || Some(closed(HookPoint::ToolCall))).unwrap();
    assert_eq!(list.entries().unwrap()[0].shelf, Some(UserShelf::Zot));
    assert_eq!(missed(&list, &nothing(), &places(&[&own, &zot])), 1);
    let without = Watchmen::new(home.join("guards.json")).shelves([(UserShelf::Wharf, own.clone())]);
    assert_eq!(missed(&without, &nothing(), &places(&[&own])), 0, "zot's directory is not looked into");
}

#[test]
fn an_entry_of_old_counts_by_its_path() {
    let home = tempfile::tempdir().unwrap();
    let shelf = home.path().canonicalize().unwrap().join("extensions");
    let file = home.path().join("guards.json");
    let hooks = serde_json::to_value(closed(HookPoint::ToolCall)).unwrap();
    let old = serde_json::json!([{ "name": "guard", "scope": "user", "path": shelf.join("guard"), "hooks": hooks }]);
    fs::write(&file, old.to_string()).unwrap();
    let list = Watchmen::new(file).shelves([(UserShelf::Wharf, shelf.clone())]);
    let places = |shelf: &Path| Places { user: vec![shelf.to_owned()], ..Places::default() };
    assert_eq!(missed(&list, &Discovery::default(), &places(&shelf)), 1);
    assert_eq!(missed(&list, &Discovery::default(), &places(home.path())), 0);
    list.keep(&extension(&shelf.join("guard"), Origin::User), || Some(closed(HookPoint::ToolCall))).unwrap();
    assert_eq!(list.entries().unwrap()[0].shelf, Some(UserShelf::Wharf), "and is brought up to date");
}

#[test]
fn many_long_entries_can_be_read_again() {
    let home = tempfile::tempdir().unwrap();
    let list = Watchmen::new(home.path().join("guards.json"));
    let mut guard = extension(&home.path().join("guard"), Origin::User);
    let many: Vec<Watchman> = (0..1000)
        .map(|number| {
            guard.id = ExtensionId::new(&format!("guard{number}")).unwrap();
            list.next(None, &guard, &hooks(7)).unwrap()
        })
        .collect();
    list.change(|entries| *entries = many).unwrap();
    let kept = list.entries().unwrap();
    assert_eq!((kept.len(), &kept[999].hooks), (1000, &closed(HookPoint::ToolCall)));
}
