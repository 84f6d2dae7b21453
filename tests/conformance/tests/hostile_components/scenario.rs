//! What must come of a hostile guest.

use std::fs;

use serde_json::json;
use wharf_runtime::Status;
use wharf_runtime::extensions::limits::Limits;
use wharf_test_support::session::Session;
use wharf_test_support::wat::{Export, Guest};
use wharf_test_support::{Home, Transcript, script};

/// What must come of a guest that is called `bad`.
#[derive(Debug, Clone)]
pub struct Expected {
    /// Where it fails.
    stage: &'static str,
    /// What the report holds.
    cause: &'static str,
    /// What the user can do.
    next: &'static str,
    /// What is called.
    by: Option<Export>,
    limits: Limits,
}

/// It fails before anything is asked of it.
pub fn refused(stage: &'static str, cause: &'static str, next: &'static str) -> Expected {
    Expected { stage, cause, next, by: None, limits: Limits::STANDARD }
}

/// It fails when this export is called.
pub fn ruined(export: Export, cause: &'static str) -> Expected {
    let stage = match export {
        Export::Init => "start",
        Export::Tool => "tool bad",
        Export::Command => "command /bad",
        Export::Event => "event",
        Export::HookToolCall => "hook tool_call",
        Export::HookTurnStart => "hook turn_start",
        Export::HookAssistantMessage => "hook assistant_message",
        Export::HookPrompt => "hook prompt",
        Export::HookToolResult => "hook tool_result",
        Export::HookCompaction => "hook compaction",
        Export::Shutdown => "stop",
    };
    Expected { stage, cause, next: LOG, by: Some(export), limits: Limits::STANDARD }
}

/// Where the user finds more.
pub const LOG: &str = "see `wharf ext logs bad`";

impl Expected {
    /// With these limits.
    pub fn within(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// What should be told.
    fn told(&self) -> String {
        let Self { stage, cause, next, .. } = self;
        match stage.starts_with("hook ") {
            true => format!("guard \"bad\": …{cause}… ({stage}); {next}"),
            false => format!("extension \"bad\": {stage}: …{cause}…; {next}"),
        }
    }

    /// Whether a report says what it must.
    fn fits(&self, problem: &str) -> bool {
        let is_told = match self.stage.starts_with("hook ") {
            true => {
                problem.starts_with("guard \"bad\": ") && problem.contains(&format!(" ({}); ", self.stage))
            }
            false => problem.starts_with(&format!("extension \"bad\": {}: ", self.stage)),
        };
        is_told && problem.contains(self.cause) && problem.contains(&format!("; {}", self.next))
    }
}

/// A guest that behaves: a tool, and a hook that lets everything pass.
pub fn good() -> Vec<u8> {
    Guest::new("good")
        .returns(Export::Tool, |memory| memory.output("good answers"))
        .returns(Export::HookTurnStart, |memory| memory.variant(0, ""))
        .encode()
}

/// A home with the guest, called `bad`, and one that behaves, called `good`.
pub fn home(bad: &[u8]) -> Home {
    let home = Home::new();
    fs::write(home.extensions().join("bad.wasm"), bad).unwrap();
    fs::write(home.extensions().join("good.wasm"), good()).unwrap();
    home
}

/// Starts the guest, calls it, and checks that it fails as expected and that everything else goes on.
pub async fn run(bad: Vec<u8>, expected: Expected) {
    let home = home(&bad);
    let mut calls = vec![script::calls("bad", json!({}))];
    if matches!(expected.by, Some(Export::HookToolCall | Export::HookToolResult)) {
        calls.push(script::calls("bash", json!({ "command": "true" })));
    }
    calls.extend([script::calls("good", json!({})), script::says("done")]);
    let limits = expected.limits;
    let mut session = home.session().script(calls).with(|builder| builder.limits(limits)).start().await;
    let mut problems = Vec::new();
    if expected.by == Some(Export::Command) {
        problems.extend(session.run("/bad").await.outcome.error().map(str::to_owned));
    }
    let transcript = session.run("go").await;
    goes_on(&transcript);
    problems.extend(transcript.problems());
    let told = match expected.by {
        // At the end nobody listens any more: the log has it.
        Some(Export::Shutdown) => {
            session.close().await;
            let log = home.log("bad");
            return assert!(log.lines().any(|line| in_log(line, &expected)), "{}: {log}", expected.told());
        }
        // Nobody waits for an event.
        Some(Export::Event) => told_later(&mut session, &expected, problems).await,
        _ => problems,
    };
    session.close().await;
    assert!(
        told.iter().any(|problem| expected.fits(problem)),
        "{expected} was not told: {told:#?}",
        expected = expected.told()
    );
    let log = home.log("bad");
    assert!(
        log.lines().any(|line| in_log(line, &expected)),
        "{expected} is not in the log: {log}",
        expected = expected.told()
    );
}

async fn told_later(session: &mut Session, expected: &Expected, mut told: Vec<String>) -> Vec<String> {
    if !told.iter().any(|problem| expected.fits(problem)) {
        told.push(session.problem(&["extension \"bad\"", expected.cause]).await);
    }
    told
}

/// Another extension answered, and the run ended well.
pub fn goes_on(transcript: &Transcript) {
    assert_eq!(transcript.outcome.status, Status::Ok, "{transcript:#?}");
    assert_eq!(transcript.outcome.text, "done");
    assert_eq!(transcript.texts().last().map(String::as_str), Some("good answers"), "{transcript:#?}");
}

/// Lines of a log have the time and the source before the text.
fn in_log(line: &str, expected: &Expected) -> bool {
    let told = ["extension \"bad\"", "guard \"bad\""].into_iter().find_map(|by| line.find(by));
    told.and_then(|at| line.get(at..)).is_some_and(|text| expected.fits(text))
}
