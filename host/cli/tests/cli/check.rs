//! `wharf ext check`: what authors want to know before they try.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::Value;
use wharf_test_support::home::{place_component, place_files};
use wharf_test_support::{Home, wat};

use crate::program::{Ran, run};

fn check(home: &Home, what: &str) -> Ran {
    run(home, &["ext", "check", what])
}

#[test]
fn a_component_that_is_well() {
    let home = Home::new();
    let file = place_component("guard", &home.project().join("guard.wasm"));
    let ran = check(&home, file.to_str().unwrap());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for told in [
        "name:      guard",
        "api:       0.1.0",
        "size:      ",
        "imports:   wharf:extension@0.1.0: log types",
        "hook-tool-call",
        "hooks:     tool_call",
        "asks for:  nothing",
    ] {
        assert!(ran.out.contains(told), "{told}: {}", ran.out);
    }
    assert!(ran.err.ends_with("guard.wasm: 0 errors, 0 warnings\n"), "{ran:?}");
    home.install_component("guard");
    assert_eq!(check(&home, "guard").out, ran.out, "by its name");
    let json = run(&home, &["ext", "check", "guard", "--json"]);
    let report: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!((&report["name"], &report["errors"]), (&"guard".into(), &Value::Array(Vec::new())));
}

#[test]
fn each_mistake_of_a_manifest_has_its_place() {
    let home = Home::new();
    let folder = home.project().join("x");
    for (manifest, told) in [
        ("", "1:1: the manifest is empty"),
        ("[]", "1:1: the manifest must be a JSON object"),
        ("{\n  \"name\": \"x\"\n  \"exec\": \"sh\"\n}", "3:3: expected `,` or `}`"),
        ("{\n  \"exec\": \"sh\"\n}", "1:1: \"name\" is required"),
        ("{\n  \"name\": \"a b\"\n}", "2:3: \"name\": "),
        ("{\n  \"name\": 3\n}", "2:3: invalid type"),
        ("{\n  \"name\": \"x\"\n}", "1:1: \"exec\" (a program) or \"wasm\" (a component) is required"),
        ("{\n  \"name\": \"x\",\n  \"exec\": \"\"\n}", "3:3: \"exec\" is empty"),
        ("{\"name\":\"x\",\"exec\":\"a\",\n\"wasm\":\"b\"}", "2:1: it has both"),
        ("{\"name\":\"x\",\"wasm\":\"../b\"}", "1:13: \"wasm\" is \"../b\"; it must lie inside"),
        ("{\"name\":\"x\",\"exec\":\"sh\",\n\"wharf\":{\n\"api\":\"7\"}}", "3:1: \"wharf.api\" is \"7\""),
        (
            "{\"name\":\"x\",\"exec\":\"sh\",\n\"wharf\":{\"api\":\"0.1\",\"hoks\":[]}}",
            "2:22: unknown field `hoks`",
        ),
        ("{\"name\":\"x\",\"exec\":\"sh\",\"args\":\n\"a\"}", "1:25: invalid type"),
        ("{\"name\":\"x\",\"name\":\"y\"}", "1:18: duplicate field `name`"),
    ] {
        place_files(&folder, &[("extension.json", manifest)]);
        let ran = check(&home, "x");
        assert_eq!(ran.code, Some(1), "{manifest}: {ran:?}");
        let expected = format!("{}:{told}", folder.join("extension.json").display());
        assert!(ran.err.contains(&expected), "{expected}: {}", ran.err);
    }
    place_files(
        &folder,
        &[("extension.json", "{\"name\":\"x\",\"exec\":\"sh\",\n\"desciption\":1,\"enabled\":false}")],
    );
    let ran = check(&home, "x");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.err.contains("extension.json:2:1: unknown key \"desciption\"; did you mean"), "{ran:?}");
    assert!(ran.err.contains("switches it off") && ran.err.contains("0 errors, 2 warnings"), "{ran:?}");
    assert!(ran.out.contains("runs:      sh") && ran.out.contains("all your rights"), "{ran:?}");
}

#[test]
fn a_component_is_held_against_the_host_and_against_its_manifest() {
    let home = Home::new();
    let at = |name: &str| home.project().join(name);
    let foreign = r#"(component
        (import "acme:db/query@1.0.0" (instance))
        (instance $i)
        (export "wharf:extension/lifecycle@0.1.0" (instance $i)))"#;
    let manifest = r#"{"name":"both","wasm":"x.wasm","wharf":{"api":"0.1","env":["JIRA_URL"],
        "tools":[{"name":"t","description":"d","schema":{}}],"hooks":[{"on":"tool_call"}]}}"#;
    place_files(&at("both"), &[("extension.json", manifest)]);
    fs::write(at("both/x.wasm"), wat::component(foreign)).unwrap();
    let ran = check(&home, "both");
    assert_eq!(ran.code, Some(1), "{ran:?}");
    for told in [
        "import acme:db/query@1.0.0: the host has no such import",
        "the manifest declares tools, and the component exports no wharf:extension/tools",
        "the manifest declares the hook tool_call, and the component exports no wharf:extension/hook-tool-call",
        "3 errors",
    ] {
        assert!(ran.err.contains(told), "{told}: {}", ran.err);
    }
    assert!(ran.out.contains("asks for:  the environment variable JIRA_URL"), "{}", ran.out);
    fs::write(at("none.wasm"), wat::component("(component)")).unwrap();
    assert!(check(&home, "none.wasm").err.contains("exports no wharf:extension/lifecycle@0.1"));
    fs::write(at("cut.wasm"), &wat::component(foreign)[..30]).unwrap();
    assert!(check(&home, "cut.wasm").err.contains("cut off or damaged"));
}

#[test]
fn what_is_not_there() {
    let home = Home::new();
    place_files(&home.project(), &[("run.sh", "")]);
    for (what, told) in [
        ("nobody", "no installed extension \"nobody\""),
        ("./nowhere", "there is no ./nowhere"),
        ("run.sh", "./run.sh is there: name it with its path"),
        ("./run.sh", "neither a directory with an extension.json nor a .wasm file"),
        ("nobody", "looked for also: ./nobody/extension.json"),
        ("empty", "./empty is a directory without one"),
        ("./empty", "there is no extension.json in it"),
        ("nowhere.wasm", "there is no nowhere.wasm; check the path"),
    ] {
        fs::create_dir_all(home.project().join("empty")).unwrap();
        let ran = check(&home, what);
        assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{ran:?}");
        assert!(ran.err.contains(told), "{ran:?}");
    }
    for args in [&["ext", "check"][..], &["ext", "check", ""], &["ext", "check", "a", "b"]] {
        let ran = run(&home, args);
        assert!(ran.code == Some(2) && ran.err.contains("see wharf ext check --help"), "{ran:?}");
    }
}

#[test]
fn a_program_on_its_own_goes_by_its_name_whatever_lies_here() {
    let home = Home::new();
    let program = home.extensions().join("bare");
    place_files(&home.extensions(), &[("bare", "#!/bin/sh\n")]);
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    place_files(&home.project(), &[("bare", "something else\n")]);
    let ran = check(&home, "bare");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains("name:      bare") && ran.out.contains(program.to_str().unwrap()), "{ran:?}");
    let ran = check(&home, "bear");
    assert!(ran.code == Some(1) && ran.err.contains("did you mean \"bare\"?"), "{ran:?}");
    // A directory with a manifest goes before a name.
    place_files(&home.project().join("both"), &[("extension.json", r#"{"name":"here","exec":"sh"}"#)]);
    place_files(&home.extensions().join("both"), &[("extension.json", r#"{"name":"both","exec":"sh"}"#)]);
    assert!(check(&home, "both").out.contains("name:      here"));
}

/// A file that may be executed.
fn place_program(file: &Path, text: &str) {
    fs::write(file, text).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn each_error_names_field_place_and_fix_once() {
    let home = Home::new();
    let folder = home.project().join("x");
    let wharf =
        |part: &str| format!("{{\"name\":\"x\",\"exec\":\"sh\",\n\"wharf\":{{\"api\":\"0.1\",\n{part}}}}}");
    for (manifest, place, field, fix) in [
        (wharf(r#""hooks":[{"on":"tool_cal"}]"#), "3:11", "wharf.hooks[0].on", "did you mean \"tool_call\"?"),
        (wharf(r#""events":["turn_ends"]"#), "3:11", "wharf.events[0]", "did you mean \"turn_end\"?"),
        (wharf(r#""hooks":[{"on":"prompt","order":"a"}]"#), "3:25", "wharf.hooks[0].order", "a whole number"),
        (wharf(r#""env":"HOME""#), "3:1", "wharf.env", "expected a list"),
        (wharf(r#""tools":[{"nme":"t"}]"#), "3:11", "wharf.tools[0].nme", "did you mean \"name\"?"),
        (
            wharf(r#""tools":[{"name":"t","schema":{"type":"objekt"}}]"#),
            "3:22",
            "wharf.tools[0].schema",
            "at /type",
        ),
        (wharf(r#""tools":[{"name":"t"},{"name":"t"}]"#), "3:24", "wharf.tools[1].name", "keep one"),
        (wharf(r#""commands":[{"name":"/c"}]"#), "3:14", "wharf.commands[0].name", "are allowed"),
        (r#"{"name":"x","exec":"./gone"}"#.to_owned(), "1:13", "exec", "put it there, or mend"),
        (r#"{"name":"x","wasm":"x.wasm"}"#.to_owned(), "1:13", "wasm", "build it, or mend"),
        (r#"{"name":"x","enabled":"yes"}"#.to_owned(), "1:13", "enabled", "expected a boolean"),
        (r#"{"name":"x","exec":"sh","args":[1]}"#.to_owned(), "1:33", "args[0]", "expected a string"),
        (
            r#"{"name":"x","exec":"sh","args":{}}"#.to_owned(),
            "1:25",
            "args",
            "type: an object, expected a list",
        ),
        (wharf(r#""hooks":[{"on":3}]"#), "3:11", "wharf.hooks[0].on", "expected a string"),
        (
            wharf(r#""tools":[{"name":"t","timeout_ms":-1}]"#),
            "3:22",
            "wharf.tools[0].timeout_ms",
            "1 to 600000",
        ),
        (
            wharf(r#""tools":[{"name":"t","timeout_ms":900000}]"#),
            "3:22",
            "wharf.tools[0].timeout_ms",
            "1 to 600000",
        ),
        (
            wharf(r#""tools":[{"name":"t","timeout":3}]"#),
            "3:22",
            "wharf.tools[0].timeout",
            "did you mean \"timeout_ms\"?",
        ),
        (
            r#"{"nmae":"t","exec":"sh"}"#.to_owned(),
            "1:1",
            "name",
            "unknown key \"nmae\"; did you mean \"name\"?",
        ),
        (
            r#"{"name":"x","exec":"sh -c x"}"#.to_owned(),
            "1:13",
            "exec",
            "not on PATH; arguments belong in \"args\"",
        ),
        (r#"{"name":"x","exec":"clock.py"}"#.to_owned(), "1:13", "exec", "write \"./clock.py\""),
        (r#"{"name":"x","exec":"./clock.py"}"#.to_owned(), "1:13", "exec", "its first line has no #!"),
        (
            r#"{"name":"x","exec":"./typo.py"}"#.to_owned(),
            "1:13",
            "exec",
            "/usr/bin/pyhton3, the interpreter that",
        ),
    ] {
        place_files(&folder, &[("extension.json", &manifest)]);
        for (name, text) in [("clock.py", "print()\n"), ("typo.py", "#!/usr/bin/pyhton3\n")] {
            place_program(&folder.join(name), text);
        }
        let ran = check(&home, "x");
        assert_eq!(ran.code, Some(1), "{manifest}: {ran:?}");
        let errors: Vec<&str> = ran.err.lines().filter(|line| line.starts_with("error: ")).collect();
        assert_eq!(errors.len(), 1, "{manifest}: {errors:?}");
        let start = format!("error: manifest: {}:{place}: ", folder.join("extension.json").display());
        assert!(errors[0].starts_with(&start), "{start}: {errors:?}");
        assert!(
            errors[0].contains(&format!("\"{field}\"")) && errors[0].contains(fix),
            "{field}: {errors:?}"
        );
    }
}

#[test]
fn what_a_newcomer_takes_for_checked_is_checked() {
    let home = Home::new();
    let program = home.project().join("clock.py");
    place_program(&program, "#!/bin/sh\n");
    let ran = check(&home, "./clock.py");
    assert!(ran.code == Some(0) && ran.out.contains("name:      clock"), "by its path: {ran:?}");
    place_program(&program, "print()\n");
    let ran = check(&home, "./clock.py");
    assert!(ran.code == Some(1) && ran.err.contains("its first line has no #!"), "{ran:?}");
    let manifest = r#"{"name":"x","exec":"sh","desc":"d","timeout":2,"wharf":{"api":"0.1","hooks":[
        {"on":"tool_call","tools":["bash","write*"],"on_failure":"closed"},{"on":"prompt"}]}}"#;
    place_files(&home.project().join("x"), &[("extension.json", manifest)]);
    let ran = check(&home, "x");
    assert!(ran.out.contains("hooks:     tool_call (bash, write*), closed; prompt\n"), "{}", ran.out);
    for told in ["\"desc\"; did you mean \"description\"?", "\"wharf.tools\" has \"timeout_ms\""] {
        assert!(ran.err.contains(told), "{told}: {}", ran.err);
    }
    fs::write(home.project().join("none.wasm"), wat::component("(component)")).unwrap();
    let ran = check(&home, "none.wasm");
    assert!(ran.err.contains("(in Rust: `wharf_guest::export!(Type)`)"), "{}", ran.err);
    let project = home.project().join(".wharf/extensions/clock");
    place_files(&project, &[("extension.json", r#"{"name":"clock","exec":"sh"}"#)]);
    let ran = check(&home, "clock");
    assert!(ran.err.contains("is in the project") && ran.err.contains("is not trusted"), "{}", ran.err);
    assert!(!ran.err.contains("did you mean"), "{}", ran.err);
}

#[test]
fn several_mistakes_are_told_at_once() {
    let home = Home::new();
    let manifest = r#"{"name":"x","exec":3,
"wharf":{"api":"0.1",
"hoks":[],
"tools":[{"name":"t","timeout":3},
{"name":"u","traits":{"destructive":"yes"}}],
"env":"HOME"}}"#;
    place_files(&home.project().join("x"), &[("extension.json", manifest)]);
    let ran = check(&home, "x");
    for place in ["1:13", "3:1", "4:22", "5:23", "6:1"] {
        let told = format!("extension.json:{place}: ");
        assert_eq!(ran.err.matches(&told).count(), 1, "{place}: {}", ran.err);
    }
    assert!(ran.err.contains("5 errors, 0 warnings"), "{}", ran.err);
}

#[test]
fn the_name_that_was_meant_is_told_by_every_subcommand() {
    let home = Home::new();
    home.install_shell("clock", "exit 0\n");
    for args in [
        &["ext", "check", "clok"][..],
        &["ext", "remove", "clok", "-y"],
        &["ext", "enable", "clok"],
        &["ext", "disable", "clok"],
        &["ext", "logs", "clok"],
        &["ext", "run", "clok"],
    ] {
        let ran = run(&home, args);
        assert!(ran.code == Some(1) && ran.err.contains("did you mean \"clock\"?"), "{args:?}: {ran:?}");
    }
    let ran = run(&home, &["ext", "instal", "x"]);
    assert!(ran.code == Some(2) && ran.err.contains("did you mean install?"), "{ran:?}");
}
