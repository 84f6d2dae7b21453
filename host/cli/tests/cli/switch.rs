//! `wharf ext enable` and `wharf ext disable`

use std::fs;

use wharf_test_support::Home;
use wharf_test_support::home::place_component;

use crate::list::entry;
use crate::program::{Ran, run, run_with_input};

/// Whether the command of `guard` is there.
fn runs(home: &Home) -> bool {
    let ran = run(home, &["-p", "--model", "demo", "/guard"]);
    ran.code == Some(0) && !ran.out.contains("/guard") && !ran.err.contains("/guard")
}

fn switch(home: &Home, how: &str, name: &str) -> Ran {
    let ran = run(home, &["ext", how, name]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""), "{ran:?}");
    ran
}

#[test]
fn a_file_on_its_own_is_switched_in_the_configuration() {
    let home = Home::new();
    place_component("guard", &home.extensions().join("guard.wasm"));
    let config = "# mine\n[extensions.other.rename]\na = \"b\"\n";
    home.configure(config);
    assert!(runs(&home));
    assert!(switch(&home, "disable", "guard").err.contains("disabled guard"));
    assert!(!runs(&home));
    let listed = entry(&home, "guard");
    assert_eq!(listed["state"], "disabled");
    assert_eq!(listed["why"], "config.toml switches it off");
    assert!(switch(&home, "disable", "guard").err.contains("was disabled already"));
    assert!(switch(&home, "enable", "guard").err.contains("enabled guard"));
    assert!(runs(&home));
    assert!(switch(&home, "enable", "guard").err.contains("was enabled already"));
    assert_eq!(fs::read_to_string(home.path().join("config.toml")).unwrap(), config);
}

#[test]
fn a_folder_is_switched_in_its_manifest_and_stays_as_it_is_written_down() {
    let home = Home::new();
    let source = home.project().join("src");
    place_component("guard", &source.join("guard.wasm"));
    let manifest = "{\n  \"odd\": 1,\n  \"name\": \"guard\",\n  \"wasm\": \"guard.wasm\"\n}\n";
    fs::write(source.join("extension.json"), manifest).unwrap();
    assert_eq!(run(&home, &["ext", "install", source.to_str().unwrap()]).code, Some(0));
    let digest = || {
        let text = fs::read_to_string(home.path().join("wharf.lock")).unwrap();
        text.lines().find(|line| line.starts_with("sha256")).unwrap().to_owned()
    };
    let (before, file) = (digest(), home.extensions().join("guard/extension.json"));
    switch(&home, "disable", "guard");
    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(text, manifest.replace("\"guard.wasm\"\n", "\"guard.wasm\",\n  \"enabled\": false\n"));
    assert_eq!(entry(&home, "guard")["why"], "its manifest switches it off");
    let disabled = digest();
    assert_ne!(disabled, before);
    switch(&home, "enable", "guard");
    assert_eq!(fs::read_to_string(&file).unwrap(), text.replace("false", "true"));
    assert_eq!(entry(&home, "guard")["state"], "enabled");
    // What somebody changed is not what was installed, and is not written down as if it were.
    let enabled = digest();
    fs::write(home.extensions().join("guard/more"), "").unwrap();
    switch(&home, "disable", "guard");
    assert_eq!(digest(), enabled);
    let names: Vec<_> =
        fs::read_dir(file.parent().unwrap()).unwrap().map(|name| name.unwrap().file_name()).collect();
    assert_eq!(names.len(), 3, "something was left behind: {names:?}");
}

#[test]
fn what_is_not_there_or_cannot_be_read_is_told() {
    let home = Home::new();
    for how in ["enable", "disable"] {
        let ran = run(&home, &["ext", how, "nobody"]);
        assert!(ran.code == Some(1) && ran.err.contains("there is no extension \"nobody\""), "{ran:?}");
    }
    fs::create_dir_all(home.extensions().join("broken")).unwrap();
    fs::write(home.extensions().join("broken/extension.json"), "{").unwrap();
    let ran = run(&home, &["ext", "disable", "broken"]);
    assert!(ran.code == Some(1) && ran.err.contains("extension.json:1:1"), "{ran:?}");
    home.install_component("guard");
    home.configure("approve = 3\n");
    let ran = run(&home, &["ext", "disable", "guard"]);
    assert!(ran.code == Some(3) && ran.err.contains("config.toml: line 1, column 11: "), "{ran:?}");
    assert_eq!((ran.err.lines().count(), ran.err.matches("line 1").count()), (1, 1), "told twice: {ran:?}");
}

/// It ends when its command is run.
const CRASHES: &str = r#"echo '{"type":"hello","name":"crashes"}'
echo '{"type":"register_command","name":"crash"}'
echo '{"type":"ready"}'
while read -r line; do case $line in *'"command_invoked"'*) exit 7;; esac; done
"#;

#[test]
fn what_is_in_quarantine_is_listed_so_and_let_out() {
    let home = Home::new();
    let folder = home.install_shell("crashes", CRASHES).display().to_string();
    let ran = run_with_input(&home, "/crash\n/crash\n/crash\n", &["ext", "run", &folder]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let listed = entry(&home, "crashes");
    assert_eq!(listed["state"], "quarantined", "{ran:?}");
    assert!(listed["why"].as_str().unwrap().contains("it crashed 3 times"), "{listed}");
    let table = run(&home, &["ext", "list"]).out;
    assert!(table.contains("`wharf ext enable crashes` lets it start again"), "{table}");
    assert!(switch(&home, "enable", "crashes").err.contains("is not in quarantine any more"));
    assert_eq!(entry(&home, "crashes")["state"], "enabled");
}

#[test]
fn a_bare_executable_can_be_switched_and_removed() {
    use std::os::unix::fs::PermissionsExt;

    let home = Home::new();
    let file = home.extensions().join("bare");
    fs::write(&file, "#!/bin/sh\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    switch(&home, "disable", "bare");
    assert_eq!(entry(&home, "bare")["state"], "disabled");
    switch(&home, "enable", "bare");
    assert_eq!(entry(&home, "bare")["state"], "enabled");
    assert_eq!(run(&home, &["ext", "remove", "bare", "--yes"]).code, Some(0));
    assert!(!file.exists());
}
