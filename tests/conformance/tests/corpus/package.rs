//! The package of now against each one that was frozen.

use std::fs;
use std::path::Path;

use wharf_test_support::guests::workspace;
use wit_component::semver_check;
use wit_parser::{PackageId, Resolve, UnresolvedPackageGroup};

const NOW: &str = "package wharf:extension@0.1.0;";

/// The files of a package. Its version is changed, so that two can be compared.
fn read(directory: &Path, except: Option<&str>) -> String {
    let mut text = String::new();
    let mut files: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files {
        if file.file_name().and_then(|name| name.to_str()) != except {
            text += &fs::read_to_string(&file).unwrap();
        }
    }
    text
}

fn push(resolve: &mut Resolve, version: &str, text: &str) -> PackageId {
    // The package's line comes first in a text that has been put together.
    let body = text.replace(NOW, "");
    assert_ne!(body, text, "the package's line is another one: {NOW}");
    let text = format!("package wharf:extension@{version};\n{body}");
    let group = UnresolvedPackageGroup::parse("all.wit", &text).unwrap_or_else(|error| panic!("{error:?}"));
    resolve.push_group(group).unwrap_or_else(|error| panic!("{error:?}"))
}

/// What keeps components of the frozen package from running with this one; it is a later one whose worlds are those that
/// were frozen, since a host may ask for more exports than a component has.
fn broken(frozen: &str, now: &str, worlds: &str) -> Vec<String> {
    let mut resolve = Resolve::default();
    let before = push(&mut resolve, "0.0.8", frozen);
    let after = push(&mut resolve, "0.0.9", &format!("{now}{worlds}"));
    let names: Vec<String> = resolve.packages[before].worlds.keys().cloned().collect();
    assert!(names.contains(&"extension".to_owned()), "{names:?}");
    let worlds = names.iter().filter(|name| *name != "host-services");
    let check = |name: &String| {
        let world = |package: PackageId| resolve.packages[package].worlds[name];
        let checked = semver_check(resolve.clone(), world(before), world(after));
        checked.err().map(|error| format!("world {name}: {error:?}"))
    };
    worlds.filter_map(check).collect()
}

#[test]
fn only_grows() {
    for release in crate::releases() {
        let frozen = release.join("wit");
        let worlds = fs::read_to_string(frozen.join("worlds.wit")).unwrap();
        let now = read(&workspace().join("wit"), Some("worlds.wit"));
        let broken = broken(&read(&frozen, None), &now, &worlds);
        assert_eq!(broken, Vec::<String>::new(), "{} does not fit any more", release.display());
    }
}

/// That the check above can fail, and lets pass what may be added.
#[test]
fn what_breaks_is_found() {
    let directory = workspace().join("wit");
    let (all, worlds) = (read(&directory, None), fs::read_to_string(directory.join("worlds.wit")).unwrap());
    let parts = read(&directory, Some("worlds.wit"));
    let changes = [
        ("  footer: string,", "  footer: string,\n    more: bool,", false),
        ("    dismissed,", "    dismissed,\n    distracted,", false),
        ("notify: func(level: level, message: string);", "notify: func(message: string);", false),
        ("  remaining-ms: func() -> u32;", "", false),
        ("  remaining-ms: func() -> u32;", "  remaining-ms: func() -> u32;\n  id: func() -> string;", true),
        ("/// Optional: events", "interface later { hour: func() -> u32; }\n/// Optional: events", true),
    ];
    for (from, to, fits) in changes {
        let changed = parts.replacen(from, to, 1);
        assert_ne!(changed, parts, "{from}");
        let broken = broken(&all, &changed, &worlds);
        assert_eq!(broken.is_empty(), fits, "{to}: {broken:?}");
    }
}
