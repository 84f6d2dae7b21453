//! `wharf ext list`: what is installed, what became of it, and that nothing is started for it.

use serde_json::{Value, json};
use wharf_test_support::Home;
use wharf_test_support::home::place_files;

use crate::program::run;

/// What the list says as JSON.
pub(crate) fn listed(home: &Home) -> Vec<Value> {
    let ran = run(home, &["ext", "list", "--json"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    serde_json::from_str(&ran.out).unwrap()
}

/// One of them.
pub(crate) fn entry(home: &Home, name: &str) -> Value {
    let all = listed(home);
    let found = all.iter().find(|entry| entry["name"] == name);
    found.unwrap_or_else(|| panic!("{name} is not listed: {all:#?}")).clone()
}

#[test]
fn list_shows_what_is_declared_and_starts_nothing() {
    let home = Home::new();
    home.install_component("guard");
    home.install_subprocess("weather");
    home.install_shell("marker", "touch started\n");
    let ran = run(&home, &["ext", "list"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    let row = |name: &str| {
        let line = ran.out.lines().find(|line| line.starts_with(name));
        line.unwrap_or_else(|| panic!("{name} is missing: {}", ran.out)).to_owned()
    };
    assert!(row("guard ").contains("component") && row("guard ").contains("hooks: tool_call"), "{}", ran.out);
    assert!(
        row("weather ").contains("subprocess") && row("weather ").contains("tools: weather"),
        "{}",
        ran.out
    );
    assert!(row("marker ").contains(" enabled ") && row("marker ").ends_with(" -"), "{}", ran.out);
    assert!(!home.extensions().join("marker/started").exists(), "it was started");
}

#[test]
fn list_as_json_is_one_array_with_the_same_facts_for_each() {
    let home = Home::new();
    home.install_component("guard");
    let expected = json!([{
        "name": "guard", "version": "0.1.0", "backend": "component", "scope": "user", "state": "enabled",
        "tools": [], "commands": ["guard"], "hooks": ["tool_call"], "why": null,
    }]);
    assert_eq!(Value::from(listed(&home)), expected);
}

#[cfg(unix)]
#[test]
fn what_cannot_be_started_is_listed_with_the_reason() {
    use wharf_test_support::home::place_component;

    let home = Home::new();
    let folder = |name: &str, manifest: &str| {
        place_files(&home.extensions().join(name), &[("extension.json", manifest)]);
    };
    folder("type", "{\"name\":\"type\",\n \"exec\":3}");
    folder("off", r#"{"name":"off","exec":"sh","enabled":false}"#);
    folder("twice", r#"{"name":"guard","exec":"sh"}"#);
    folder("gone", r#"{"name":"gone","exec":"./gone.sh"}"#);
    std::fs::create_dir(home.extensions().join("odd")).unwrap();
    home.install_component("guard");
    place_files(&home.extensions(), &[("text.wasm", "not a component")]);
    std::os::unix::fs::symlink("nowhere", home.extensions().join("dangling.wasm")).unwrap();
    place_component("probe", &home.project().join(".wharf/extensions/probe.wasm"));
    let expected = [
        ("type", "broken", "extension.json:2:2: invalid type: integer `3`, expected a string"),
        ("off", "disabled", "its manifest switches it off"),
        ("gone", "broken", "gone.sh: the program is not there"),
        ("odd", "broken", "there is no extension.json in it"),
        ("text", "broken", "the file is not a WebAssembly component"),
        ("dangling", "broken", "the link leads nowhere"),
        ("probe", "untrusted", "the project is not trusted; --trust"),
    ];
    for (name, state, why) in expected {
        let entry = entry(&home, name);
        assert_eq!(entry["state"], state, "{entry}");
        assert!(entry["why"].as_str().unwrap().contains(why), "{entry}");
    }
    let guards: Vec<Value> = listed(&home).into_iter().filter(|entry| entry["name"] == "guard").collect();
    let states: Vec<_> = guards.iter().map(|guard| guard["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["enabled", "shadowed"]);
    assert!(guards[1]["why"].as_str().unwrap().contains("is taken by"), "{guards:?}");
    let table = run(&home, &["ext", "list"]).out;
    for (name, state, why) in expected {
        assert!(table.contains(name) && table.contains(state) && table.contains(why), "{name}: {table}");
    }
}

#[test]
fn a_configuration_that_is_broken_does_not_hide_what_is_installed() {
    let home = Home::new();
    home.install_component("guard");
    home.configure("approve = 3\n");
    let ran = run(&home, &["ext", "list"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains("guard") && ran.err.contains("config.toml"), "{ran:?}");
}
