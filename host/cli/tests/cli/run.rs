//! `wharf ext run`: one extension alone, for its author.

use std::fs;

use wharf_test_support::home::{place_component, place_files, place_subprocess};
use wharf_test_support::{BackendKind, Home};

use crate::program::{run, run_with_input};

/// Puts a guest beside the project, not into the user's directory.
fn place(home: &Home, backend: BackendKind, name: &str) -> String {
    let path = match backend {
        BackendKind::Component => place_component(name, &home.project().join(format!("{name}.wasm"))),
        BackendKind::Subprocess => place_subprocess(name, &home.project().join(name)),
    };
    path.display().to_string()
}

#[test]
fn prompts_come_line_by_line_and_only_it_is_loaded() {
    for backend in BackendKind::BOTH {
        let home = Home::new();
        home.install_component("weather");
        let probe = place(&home, backend, "probe");
        let input = "/probe display\n\ncall probe_echo {\"text\":\"hi\"}\n/weather Berlin\n";
        let ran = run_with_input(&home, input, &["ext", "run", &probe]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let mut lines = ran.out.lines();
        assert_eq!(lines.next(), Some("probe displays"), "{ran:?}");
        assert!(lines.next().is_some_and(|line| line.contains("hi")), "{ran:?}");
        let told =
            ["probe 0.1.0 (", "  tools: probe_echo", "  commands: /probe", "  hooks: tool_call", "log: "];
        for told in told {
            assert!(ran.err.contains(told), "{told}: {}", ran.err);
        }
        for logged in ["probe starts", "probe stops"] {
            let line = ran.err.lines().find(|line| line.contains(logged));
            assert!(line.is_some_and(|line| line.starts_with("log: ")), "{logged}: {}", ran.err);
        }
        assert!(ran.err.contains("/weather"), "a command of another extension was there: {}", ran.err);
    }
}

#[test]
fn one_prompt_and_its_exit_code() {
    let home = Home::new();
    home.configure("model = \"somewhere\"\n");
    let weather = place(&home, BackendKind::Subprocess, "weather");
    let ran = run(&home, &["ext", "run", &weather, "/weather", "Berlin"]);
    assert!(ran.code == Some(0) && ran.out.contains("Berlin"), "{ran:?}");
    let ran = run_with_input(&home, "call bash {\"command\":\"true\"}\nhello\n", &["ext", "run", &weather]);
    assert_eq!(ran.code, Some(5), "{ran:?}");
    let ran = run(
        &home,
        &["ext", "run", &weather, "--approve", "auto", "call bash {\"command\":\"echo $((1+1))\"}"],
    );
    assert!(ran.code == Some(0) && ran.out.contains("\n2\n"), "{ran:?}");
    let ran = run(&home, &["ext", "run", &weather, "--model", "nowhere", "x"]);
    assert!(ran.code == Some(3) && ran.err.contains("nowhere"), "{ran:?}");
    // What was logged before is not shown again.
    let ran = run(&home, &["ext", "run", &weather, "hello"]);
    assert!(ran.err.matches("stopped").count() <= 1, "{ran:?}");
}

#[test]
fn what_cannot_be_started_is_told() {
    let home = Home::new();
    let folder = home.project().join("x");
    place_files(&folder, &[("extension.json", "{\"name\":3}")]);
    let ran = run(&home, &["ext", "run", "x", "hello"]);
    assert!(ran.code == Some(1) && ran.err.contains("extension.json:1:2: invalid type"), "{ran:?}");
    let manifest = r#"{"name":"x","exec":"sh","args":["run.sh"]}"#;
    place_files(&folder, &[("extension.json", manifest), ("run.sh", "echo sorry >&2\nexit 3\n")]);
    let ran = run(&home, &["ext", "run", "x", "hello"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{ran:?}");
    assert!(ran.err.contains("extension \"x\"") && ran.err.contains("sorry"), "{ran:?}");
    let ran = run(&home, &["ext", "run", "nowhere"]);
    assert!(ran.code == Some(1) && ran.err.contains("nowhere"), "{ran:?}");
    assert_eq!(fs::read_dir(home.extensions()).unwrap().count(), 0);
}

/// Another program under the same name, which answers something else.
fn write(directory: &std::path::Path, answer: &str) {
    let script = format!(
        "printf '%s\\n' '{{\"type\":\"hello\",\"name\":\"x\"}}' '{{\"type\":\"register_command\",\"name\":\"x\"}}' \\\n\
         '{{\"type\":\"ready\"}}'\n\
         while read -r line; do\n\
         id=$(printf '%s' \"$line\" | sed -n 's/.*command_invoked.*\"id\":\"\\([0-9]*\\)\".*/\\1/p')\n\
         [ -n \"$id\" ] && printf '%s\\n' \"{{\\\"type\\\":\\\"command_response\\\",\\\"id\\\":\\\"$id\\\",\\\"action\\\":\\\"display\\\",\\\"display\\\":\\\"{answer}\\\"}}\"\n\
         done\n"
    );
    let manifest = r#"{"name":"x","exec":"sh","args":["run.sh"]}"#;
    place_files(directory, &[("extension.json", manifest), ("run.sh", &script)]);
}

#[test]
fn what_changes_is_loaded_anew_while_it_is_watched() {
    use std::io::{BufRead, BufReader, Write};
    let home = Home::new();
    let directory = home.project().join("x");
    write(&directory, "first");
    let path = directory.display().to_string();
    let mut command = crate::program::wharf(&home, &["ext", "run", "--watch", &path]);
    let mut child = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut err = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut until = |words: &str| {
        let found = err.by_ref().map(Result::unwrap).any(|line| line.contains(words));
        assert!(found, "{words:?} was not said");
    };
    until("commands: /x");
    writeln!(input, "/x").unwrap();
    assert_eq!(out.next().unwrap().unwrap(), "first");
    write(&directory, "second");
    until("commands: /x");
    until("was loaded anew");
    writeln!(input, "/x").unwrap();
    assert_eq!(out.next().unwrap().unwrap(), "second");
    // What it writes itself is no change, and what it may import is one.
    place_files(&directory, &[("own.log", "more")]);
    place_files(&directory.join("lib"), &[("module.sh", "# changed")]);
    write(&directory, "third");
    until("was loaded anew");
    place_files(&directory.join("lib"), &[("module.sh", "# changed again")]);
    until("was loaded anew");
    writeln!(input, "/x").unwrap();
    assert_eq!(out.next().unwrap().unwrap(), "third");
    drop(input);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn what_a_tool_puts_out_is_shown_to_authors_and_kept_from_pipes() {
    for backend in BackendKind::BOTH {
        let home = Home::new();
        let desk = place(&home, backend, "desk");
        let call = "call desk {\"do\":\"progress\"}";
        let ran = run(&home, &["ext", "run", &desk, call]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        for told in ["desk: one\n", "desk: two\n"] {
            assert!(ran.err.contains(told), "{told}: {}", ran.err);
        }
        assert_eq!(ran.out, "done\n", "{ran:?}");
        let last = ran.err.lines().last().unwrap();
        assert!(last.starts_with("desk: registered ") && last.contains(" tool"), "{}", ran.err);
        let ran = run(&home, &["-p", "--model", "demo", "-e", &desk, call]);
        assert!(ran.code == Some(0) && !ran.err.contains("desk: "), "{ran:?}");
    }
}

#[test]
fn what_means_nothing_is_told_to_authors_and_logged_for_zots_extensions() {
    let home = Home::new();
    let folder = home.project().join("x");
    let script = "printf '%s\\n' \"{\\\"type\\\":\\\"hello\\\",\\\"name\\\":\\\"x\\\",\\\"protocol_version\\\":$1}\"\n\
        printf '%s\\n' '{\"type\":\"subscribe\",\"events\":[\"turn_ends\",\"turn_end\"],\"intercept\":[\"tol_call\"]}' \\\n\
        '{\"type\":\"register_hook\",\"on\":\"promt\"}' '{\"type\":\"ready\"}'\ncat >/dev/null\n";
    for (version, told) in [(2, true), (1, false)] {
        let manifest = format!(r#"{{"name":"x","exec":"sh","args":["run.sh","{version}"]}}"#);
        place_files(&folder, &[("extension.json", &manifest), ("run.sh", script)]);
        let ran = run(&home, &["-p", "--model", "demo", "-e", "x", "hello"]);
        let log = home.log("x");
        let words = [
            "event \"turn_ends\" is left out: version 2 has none of this name; did you mean \"turn_end\"?",
            "hook \"tol_call\" is left out: version 2 has none of this name; did you mean \"tool_call\"?",
            "did you mean \"prompt\"?",
        ];
        for words in words.map(|words| words.replace("version 2", &format!("version {version}"))) {
            let is_newer = words.contains("\"prompt\"");
            assert_eq!(ran.err.matches(&words).count(), usize::from(told), "{words}: {}", ran.err);
            assert!(log.contains(&words) || (is_newer && !told), "{words}: {log}");
        }
    }
}

#[test]
fn new_names_for_what_is_not_there_are_told_at_the_start() {
    let home = Home::new();
    home.install_component("weather");
    home.configure(
        "[extensions.weather.rename]\nwether = \"w\"\nweather = \"forecast\"\n[extensions.nobody.rename]\na = \"b\"\n",
    );
    // The second time it sleeps, and what it registers is known.
    for _ in 0..2 {
        let ran = run(&home, &["-p", "--model", "demo", "/forecast Berlin"]);
        assert!(ran.code == Some(0) && ran.out.contains("Berlin"), "{ran:?}");
        for told in [
            "it has no tool and no command \"wether\"",
            "did you mean \"weather\"?",
            "[extensions.nobody.rename] in config.toml: there is no extension \"nobody\"",
        ] {
            assert_eq!(ran.err.matches(told).count(), 1, "{told}: {}", ran.err);
        }
    }
}

#[test]
fn what_went_wrong_is_told_once_and_only_what_docked_is_listed() {
    let home = Home::new();
    let folder = home.project().join("x");
    let script = r#"echo '{"type":"hello","name":"x","protocol_version":2}'
echo '{"type":"register_tool","name":"bash","description":"d","schema":{"type":"object"}}'
echo '{"type":"register_tool","name":"u","description":"d","schema":{"type":"object"}}'
echo '{"type":"register_tool","name":"v","description":"d","schema":{"type":"objekt"}}'
echo '{"type":"register_hook","on":"promt"}'
echo 'rubbish'
echo '{"type":"ready"}'
while read -r line; do case $line in *'"shutdown"'*) exit 0;; esac; done
"#;
    let manifest = r#"{"name":"x","exec":"sh","args":["run.sh"]}"#;
    place_files(&folder, &[("extension.json", manifest), ("run.sh", script)]);
    let ran = run(&home, &["ext", "run", "x", "hello"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for once in ["tool \"bash\"", "tool \"v\"", "`promt`", "rubbish"] {
        assert_eq!(ran.err.matches(once).count(), 1, "{once}: {}", ran.err);
    }
    assert!(ran.err.contains("  tools: u\n") && ran.err.contains("x: registered 1 tool,"), "{}", ran.err);
    assert!(ran.err.contains("\nx (subprocess)\n"), "{}", ran.err);
    assert!(!ran.err.contains("wharf ext logs"), "{}", ran.err);
    let crashes = r#"echo '{"type":"hello","name":"x"}'
echo '{"type":"register_command","name":"boom"}'
echo '{"type":"ready"}'
while read -r line; do case $line in *'"command_invoked"'*) exit 3;; esac; done
"#;
    place_files(&folder, &[("run.sh", crashes)]);
    let ran = run(&home, &["ext", "run", "x", "/boom"]);
    assert_eq!(ran.err.matches("command /boom: it ended").count(), 1, "{}", ran.err);
    assert!(
        !ran.err.contains("wharf ext logs") && ran.err.contains("exit status 3 → it starts"),
        "{}",
        ran.err
    );
    place_files(&folder, &[("run.sh", "exit 3\n")]);
    let ran = run(&home, &["ext", "run", "x", "hello"]);
    assert_eq!(ran.err.matches("it ended before its hello").count(), 1, "{}", ran.err);
    assert!(ran.err.contains("x: registered nothing, for it is not running"), "{}", ran.err);
}
