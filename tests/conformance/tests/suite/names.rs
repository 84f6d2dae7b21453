//! Names: registered late, wanted twice, changed by the user.

use serde_json::json;
use wharf_conformance::scenarios;
use wharf_test_support::home::{place_component, place_subprocess};
use wharf_test_support::{BackendKind, Home, Session, script};

scenarios! {
    late_tool_joins_at_the_next_model_call => RegisterLateTool;
    first_of_two_extensions_with_one_name_is_started => NameOfExtensionOnce;
    first_of_two_extensions_with_one_tool_keeps_it => NameOfToolOnce;
    renamed_tool_is_no_conflict => NameChangedByUser;
    built_in_names_cannot_be_taken => NameBuiltIn;
}

fn tool_names(session: &Session) -> Vec<String> {
    session.wharf().tools().iter().map(|tool| tool.name.clone()).collect()
}

/// An extension in shell that registers tools and never answers.
fn register(name: &str, tools: &[&str]) -> String {
    let mut frames =
        vec![json!({ "type": "hello", "name": name, "version": "1", "capabilities": ["tools"] })];
    frames.extend(
        tools.iter().map(|tool| {
            json!({ "type": "register_tool", "name": tool, "description": "", "schema": { "type": "object" } })
        }),
    );
    frames.push(json!({ "type": "ready" }));
    let lines: Vec<String> = frames.iter().map(|frame| format!("echo '{frame}'")).collect();
    // The shell's own `echo` writes each line at once.
    format!("{}\nwhile read -r line; do :; done\n", lines.join("\n"))
}

async fn late_tool_joins_at_the_next_model_call(backend: BackendKind) {
    let home = Home::new();
    home.install(backend, "probe");
    let lines = [
        script::calls("probe_register_late", json!({})),
        script::calls("probe_late", json!({})),
        script::says("done"),
    ];
    let mut session = home.session().script(lines).start().await;
    assert!(!tool_names(&session).contains(&"probe_late".to_owned()));
    let transcript = session.run("go").await;
    assert_eq!(transcript.texts(), ["registered probe_late", "late"]);
    assert!(tool_names(&session).contains(&"probe_late".to_owned()));
    assert_eq!(transcript.problems(), Vec::<String>::new());
    session.close().await;
}

async fn first_of_two_extensions_with_one_name_is_started(backend: BackendKind) {
    let home = Home::new();
    // Sorted by file name, the one under test comes first.
    let (component, folder) = match backend {
        BackendKind::Component => ("a.wasm", "b"),
        BackendKind::Subprocess => ("b.wasm", "a"),
    };
    let component = place_component("probe", &home.extensions().join(component));
    let folder = place_subprocess("probe", &home.extensions().join(folder)).join("extension.json");
    let mut session = home.session().start().await;
    let (first, second) = match backend {
        BackendKind::Component => (component, folder),
        BackendKind::Subprocess => (folder, component),
    };
    let problem = session.problem(&["the name \"probe\" is taken"]).await;
    for path in [first, second] {
        assert!(problem.contains(&path.display().to_string()), "{problem}");
    }
    let listings = session.wharf().extensions();
    let shown: Vec<_> = listings.iter().map(|listing| (listing.name.as_str(), listing.backend)).collect();
    assert_eq!(shown, [("probe", backend.word())]);
    assert_eq!(session.run(r#"call probe_echo {"text":"one"}"#).await.outcome.text, "echo:one");
    session.close().await;
}

async fn first_of_two_extensions_with_one_tool_keeps_it(backend: BackendKind) {
    let home = Home::new();
    home.install(backend, "probe");
    home.install_shell("twin", &register("twin", &["probe_echo", "twin_only"]));
    let mut session = home.session().start().await;
    let problem = session.problem(&["probe_echo"]).await;
    assert_eq!(
        problem,
        "tool \"probe_echo\" of \"twin\" is left out: \"probe\" has it already; give it another name with \
         [extensions.twin.rename] probe_echo = \"…\" in config.toml"
    );
    assert!(tool_names(&session).contains(&"twin_only".to_owned()), "{:?}", tool_names(&session));
    assert_eq!(session.run(r#"call probe_echo {"text":"mine"}"#).await.outcome.text, "echo:mine");
    session.close().await;
}

async fn renamed_tool_is_no_conflict(backend: BackendKind) {
    let home = Home::new();
    home.install(backend, "probe");
    home.install_shell("aaa", &register("aaa", &["probe_echo"]));
    home.configure("[extensions.probe.rename]\nprobe_echo = \"echo\"\n");
    let mut session = home.session().start().await;
    assert_eq!(session.problems(), Vec::<String>::new());
    let names = tool_names(&session);
    assert!(names.contains(&"echo".to_owned()) && names.contains(&"probe_echo".to_owned()), "{names:?}");
    // The extension is called by the name that it registered.
    assert_eq!(session.run(r#"call echo {"text":"renamed"}"#).await.outcome.text, "echo:renamed");
    session.close().await;
}

async fn built_in_names_cannot_be_taken(backend: BackendKind) {
    let home = Home::new();
    home.install(backend, "probe");
    home.configure("[extensions.probe.rename]\nprobe_echo = \"bash\"\n");
    let mut session = home.session().start().await;
    let problem = session.problem(&["\"bash\"", "built in"]).await;
    assert!(problem.starts_with("tool \"bash\" of \"probe\" is left out: the name is built in"), "{problem}");
    session.close().await;
}
