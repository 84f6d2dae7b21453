//! Components in other languages than Rust. Each brings its language's interpreter, and compiling one takes seconds of
//! all processors: one test for each does everything, and one runs after the other.

use std::fs;
use std::net::TcpListener;

use serde_json::json;
use tokio::sync::Mutex;
use wharf_conformance::scenarios;
use wharf_test_support::{BackendKind, Home, guests, script};

scenarios! {
    python_counts_words in component => ComponentLanguages;
    javascript_is_denied_the_network in component => ComponentLanguages, ComponentNetwork;
}

static COMPILING: Mutex<()> = Mutex::const_new(());

async fn python_counts_words(backend: BackendKind) {
    if guests::skipped("wordcount") {
        return;
    }
    let _alone = COMPILING.lock().await;
    let home = Home::new();
    home.install(backend, "wordcount");
    let calls =
        ["a b c", "one\n", "ä\n\n€ 🙂", ""].map(|text| script::calls("wordcount", json!({ "text": text })));
    let mut session = home.session().script(calls.into_iter().chain([script::says("done")])).start().await;
    let transcript = session.run("count").await;
    assert_eq!(transcript.outcome.text, "done");
    assert_eq!(transcript.problems(), Vec::<String>::new());
    let expected = [
        "1 line, 3 words, 5 characters",
        "1 line, 1 word, 4 characters",
        "3 lines, 3 words, 6 characters",
        "0 lines, 0 words, 0 characters",
    ];
    assert_eq!(transcript.texts(), expected);
    session.close().await;
}

/// The language's own `fetch` imports WASI HTTP, which is linked and denied.
async fn javascript_is_denied_the_network(backend: BackendKind) {
    if guests::skipped("fetch") {
        return;
    }
    let component = fs::read(guests::component("fetch")).unwrap();
    let imports = String::from_utf8_lossy(&component).contains("wasi:http/outgoing-handler@0.2");
    assert!(imports, "the guest does not import what it is to be denied");

    let _alone = COMPILING.lock().await;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let home = Home::new();
    home.install(backend, "fetch");
    let call = script::calls("fetch", json!({ "url": format!("http://127.0.0.1:{port}/") }));
    let mut session = home.session().script([call.clone(), call, script::says("done")]).start().await;
    let transcript = session.run("go").await;
    assert_eq!(transcript.outcome.text, "done");
    assert_eq!(transcript.problems(), Vec::<String>::new());

    // The second answer comes from the same instance: it counts on.
    let why = "TypeError: NetworkError when attempting to fetch resource";
    assert_eq!(transcript.texts(), [format!("attempt 1: {why}"), format!("attempt 2: {why}")]);
    assert!(transcript.results().iter().all(|(output, _)| output.is_error));
    assert!(listener.accept().is_err(), "it connected");
    session.close().await;
    let log = home.log("fetch");
    let told = log.matches("wharf: denied: an HTTP request to 127.0.0.1; components have no network").count();
    assert_eq!(told, 2, "{log}");
}
