//! Two interceptors at one point, one on each backend or both alike: `order` decides who is asked first, and the second
//! sees what the first has made of it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use wharf_conformance::scenarios;
use wharf_runtime::Status;
use wharf_test_support::{BackendKind, Home, Session, Transcript, script, without_python};

scenarios! {
    prompts_pass_interceptors_in_order => HookPromptOrder;
    messages_pass_interceptors_in_order => HookMessageOrder;
    results_pass_interceptors_in_order => HookResultOrder;
    first_refusal_of_a_turn_counts => HookTurnStartOrder;
    first_summary_counts => HookCompactionOrder;
}

/// Before the probe, whose hooks have order 0, and behind it.
const BEFORE: i16 = -10;
const BEHIND: i16 = 10;

/// The probe under test, and a script that adds ` witnessed` to every text, with a place in the order.
struct Scene {
    home: Home,
    witness: PathBuf,
}

impl Scene {
    fn new(backend: BackendKind, order: i16) -> Self {
        let home = Home::new();
        home.install(backend, "probe");
        let witness = home.install_folder("witness", &crate::fixture("witness"));
        let points = ["turn_start", "assistant_message", "prompt", "tool_result", "compaction"];
        let hooks = points.map(|on| json!({ "on": on, "order": order, "on_failure": "closed" }));
        let manifest = json!({
            "name": "witness", "exec": "python3", "args": ["witness.py"],
            "wharf": { "api": "0.1", "hooks": hooks },
        });
        fs::write(witness.join("extension.json"), manifest.to_string()).unwrap();
        Self { home, witness }
    }

    async fn start(&self, lines: impl IntoIterator<Item = String>) -> Session {
        self.home.session().script(lines).start().await
    }

    /// What the witness was asked at a point.
    fn asked(&self, point: &str) -> Vec<String> {
        asked(&self.witness, point)
    }
}

fn asked(witness: &Path, point: &str) -> Vec<String> {
    let text = fs::read_to_string(witness.join("asked.txt")).unwrap_or_default();
    let lines = text.lines().filter_map(|line| line.split_once(' ').filter(|(at, _)| *at == point));
    lines.map(|(_, asked)| asked.to_owned()).collect()
}

/// Runs one prompt. The transcript, and what the witness was asked at a point.
async fn one(
    backend: BackendKind,
    order: i16,
    prompt: &str,
    point: &str,
    lines: &[String],
) -> (Transcript, Vec<String>) {
    let scene = Scene::new(backend, order);
    let mut session = scene.start(lines.iter().cloned()).await;
    let transcript = session.run(prompt).await;
    session.close().await;
    (transcript, scene.asked(point))
}

async fn prompts_pass_interceptors_in_order(backend: BackendKind) {
    if without_python() {
        return;
    }
    for (order, seen) in [(BEHIND, "please rewritten"), (BEFORE, "please REWRITE ME")] {
        let (transcript, asked) =
            one(backend, order, "please REWRITE ME", "prompt", &[script::says("ok")]).await;
        assert_eq!(asked, [seen]);
        assert_eq!(transcript.user_texts(), ["please rewritten witnessed"]);
    }
}

async fn messages_pass_interceptors_in_order(backend: BackendKind) {
    if without_python() {
        return;
    }
    for (order, seen) in [(BEHIND, "a [redacted]"), (BEFORE, "a SECRET")] {
        let (transcript, asked) =
            one(backend, order, "go", "assistant_message", &[script::says("a SECRET")]).await;
        assert_eq!(asked, [seen]);
        assert_eq!(transcript.outcome.text, "a [redacted] witnessed");
    }
}

async fn results_pass_interceptors_in_order(backend: BackendKind) {
    if without_python() {
        return;
    }
    let lines = [script::calls("probe_echo", json!({ "text": "TURN ME" })), script::says("done")];
    for (order, seen) in [(BEHIND, "echo:turned"), (BEFORE, "echo:TURN ME")] {
        let (transcript, asked) = one(backend, order, "go", "tool_result", &lines).await;
        assert_eq!(asked, [seen]);
        assert_eq!(transcript.texts(), ["echo:turned witnessed"]);
    }
}

async fn first_refusal_of_a_turn_counts(backend: BackendKind) {
    if without_python() {
        return;
    }
    let scene = Scene::new(backend, BEHIND);
    let mut session = scene.start([script::calls("probe_block_next_turn", json!({}))]).await;
    let refused = session.run("go").await.outcome.status;
    assert_eq!(refused, Status::Refused("extension \"probe\" refused: probe refuses the turn".to_owned()));
    session.close().await;
    assert_eq!(scene.asked("turn_start"), ["1"], "the second turn was refused already");

    let scene = Scene::new(backend, BEFORE);
    fs::write(scene.witness.join("refuse"), "").unwrap();
    let mut session = scene.start([script::calls("probe_trace", json!({})), script::says("done")]).await;
    let refused = session.run("go").await.outcome.status;
    assert_eq!(refused, Status::Refused("extension \"witness\" refused: the witness refuses".to_owned()));
    fs::remove_file(scene.witness.join("refuse")).unwrap();
    let trace = session.run("what happened?").await.texts()[0].clone();
    let asked = trace.lines().filter(|line| line.starts_with("hook turn_start"));
    assert_eq!(asked.count(), 1, "the first turn was refused already: {trace}");
    session.close().await;
}

async fn first_summary_counts(backend: BackendKind) {
    if without_python() {
        return;
    }
    for (order, by, summary) in
        [(BEHIND, "probe", "probe's summary"), (BEFORE, "witness", "the witness's summary")]
    {
        let scene = Scene::new(backend, order);
        let mut session = scene.start(["one", "two"].map(script::says)).await;
        session.run("first").await;
        session.run("second").await;
        let done = session.wharf().compact("mine").await.unwrap().unwrap();
        assert_eq!((done.summary.as_str(), done.by.unwrap().as_str()), (summary, by));
        session.close().await;
        assert_eq!(scene.asked("compaction"), ["mine"], "the others may still refuse");
    }
}
