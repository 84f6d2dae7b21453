//! What a component cannot reach. A subprocess runs with the user's rights: there is nothing to ask of it here.

use std::fs;
use std::net::TcpListener;

use serde_json::{Value, json};
use wharf_conformance::scenarios;
use wharf_test_support::{BackendKind, Home, script};

scenarios! {
    component_reads_its_own_directory_alone in component => ComponentFiles;
    component_writes_its_own_directory_alone in component => ComponentFiles;
    component_has_no_network in component => ComponentNetwork;
    component_has_no_environment in component => ComponentEnvironment;
}

/// Calls one tool of the hostile guest again and again; each answer with whether it is an error.
async fn ask(backend: BackendKind, home: &Home, tool: &str, calls: &[Value]) -> Vec<(bool, String)> {
    home.install(backend, "hostile");
    let lines = calls.iter().map(|args| script::calls(tool, args.clone()));
    let mut session = home.session().script(lines.chain([script::says("done")])).start().await;
    let transcript = session.run("go").await;
    assert_eq!(transcript.outcome.text, "done");
    assert_eq!(transcript.problems(), Vec::<String>::new());
    session.close().await;
    let results = transcript.results();
    results.into_iter().map(|(output, _)| (output.is_error, output.joined_text())).collect()
}

async fn component_reads_its_own_directory_alone(backend: BackendKind) {
    let home = Home::new();
    let data = home.data("hostile");
    fs::create_dir_all(&data).unwrap();
    fs::write(data.join("own"), "mine").unwrap();
    let secret = home.path().join("secret");
    fs::write(&secret, "a secret").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(&secret, data.join("link")).unwrap();
    let secret = secret.display().to_string();
    let paths = [
        "/data/own",
        &secret,
        "/data/../../secret",
        "/data/../secret",
        "secret",
        "../../secret",
        "/data/link",
    ];
    let answers = ask(backend, &home, "hostile_read", &paths.map(|path| json!({ "path": path }))).await;
    assert_eq!(answers[0], (false, "mine".to_owned()));
    for (path, (failed, text)) in paths.iter().zip(&answers).skip(1) {
        assert!(failed, "{path} was read: {text}");
        assert!(!text.contains("a secret"), "{path}: {text}");
    }
}

async fn component_writes_its_own_directory_alone(backend: BackendKind) {
    let home = Home::new();
    let outside = home.path().join("outside");
    let paths = [
        "/data/inside".to_owned(),
        outside.display().to_string(),
        "/data/../../outside".to_owned(),
        "outside".to_owned(),
    ];
    let calls: Vec<Value> = paths.iter().map(|path| json!({ "path": path })).collect();
    let answers = ask(backend, &home, "hostile_write", &calls).await;
    let failed: Vec<bool> = answers.iter().map(|(failed, _)| *failed).collect();
    assert_eq!(failed, [false, true, true, true], "{answers:?}");
    assert!(home.data("hostile").join("inside").exists());
    assert!(!outside.exists() && !home.project().join("outside").exists());
}

async fn component_has_no_network(backend: BackendKind) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let answers = ask(backend, &Home::new(), "hostile_connect", &[json!({ "port": port })]).await;
    assert!(answers[0].0, "{answers:?}");
    assert!(answers[0].1.contains("denied"), "{answers:?}");
    assert!(listener.accept().is_err(), "it connected");
}

async fn component_has_no_environment(backend: BackendKind) {
    let answers = ask(backend, &Home::new(), "hostile_env", &[json!({})]).await;
    assert_eq!(answers, [(false, "variables: ".to_owned())]);
}
