//! One case: a guard of `bash` that fails, and what must come of it.

use std::fs;
use std::time::Duration;

use serde_json::json;
use wharf_protocol::hook::OnFailure;
use wharf_runtime::Run;
use wharf_runtime::Status;
use wharf_runtime::extensions::limits::Limits;
use wharf_runtime::ports::event::AgentEvent;
use wharf_test_support::{BackendKind, Home, Session, Transcript, script};

use super::{Way, component, subprocess};

const GUARD: &str = "guard";

/// How the prompt in which the guard was asked ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// The guarded call ran.
    Ran,
    /// It was refused; the run went on.
    Refused,
    /// The run ended, and nothing ran.
    Cancelled,
}

impl End {
    /// What has been declared counts, except where the run itself ends.
    fn of(way: Way, policy: OnFailure) -> Self {
        match (way, policy) {
            (Way::Abort, _) => Self::Cancelled,
            (_, OnFailure::Open) => Self::Ran,
            (_, OnFailure::Closed) => Self::Refused,
        }
    }

    /// What is told of it.
    fn consequence(self) -> &'static str {
        match self {
            Self::Ran => " → let pass (hook tool_call); ",
            Self::Refused => " → refused (hook tool_call); ",
            Self::Cancelled => " → the run is over (hook tool_call); ",
        }
    }
}

pub(crate) async fn run(way: Way, policy: OnFailure, backend: BackendKind) {
    let home = Home::new();
    install(&home, way, policy, backend);
    home.install(backend, "weather");
    let lines = [script::calls("bash", json!({ "command": "echo through > said" })), script::says("done")];
    let mut session = home.session().script(lines).with(|builder| builder.limits(limits(way))).start().await;
    let run = session.begin("go").await;
    interfere(&home, &mut session, &run, way).await;
    let transcript = session.finish(run).await;

    let end = End::of(way, policy);
    let ran = home.project().join("said").exists();
    assert_eq!(ran, end == End::Ran, "whether the guarded command ran: {transcript:#?}");
    ended(&transcript, end);
    let told = told(&transcript, end);
    let answer = session.run("/weather Berlin").await.outcome.text;
    assert!(answer.contains("Berlin"), "another extension does not answer: {answer}");
    session.close().await;
    logged(&home, told.as_deref(), way, backend, end);
}

/// A folder whose manifest declares the hook and its policy, with the program that it names.
fn install(home: &Home, way: Way, policy: OnFailure, backend: BackendKind) {
    let directory = home.extensions().join(GUARD);
    fs::create_dir_all(&directory).unwrap();
    let mut manifest = json!({
        "name": GUARD,
        "wharf": { "api": "0.1", "hooks": [{ "on": "tool_call", "tools": ["bash"], "on_failure": policy }] },
    });
    match backend {
        BackendKind::Component => {
            manifest["wasm"] = json!("guard.wasm");
            if let Some(wasm) = component::guard(way) {
                fs::write(directory.join("guard.wasm"), wasm).unwrap();
            }
        }
        BackendKind::Subprocess => match subprocess::guard(way) {
            Some(text) => {
                (manifest["exec"], manifest["args"]) = (json!("sh"), json!(["guard.sh"]));
                fs::write(directory.join("guard.sh"), text).unwrap();
            }
            None => manifest["exec"] = json!("./guard-of-bash"),
        },
    }
    fs::write(directory.join("extension.json"), manifest.to_string()).unwrap();
}

/// Where it is waited for in vain, that does not take long.
fn limits(way: Way) -> Limits {
    let mut limits = Limits::STANDARD;
    let waits = match way {
        Way::Deadline | Way::EndlessLoop => Duration::from_secs(1),
        // Time enough to take it away.
        Way::Unload => Duration::from_secs(3),
        _ => return limits,
    };
    limits.standard.hook_tool_call = waits;
    limits.version_1.hook_tool_call = waits;
    limits
}

/// Does what is to be done from outside, once the guard is being asked.
async fn interfere(home: &Home, session: &mut Session, run: &Run, way: Way) {
    if !matches!(way, Way::Unload | Way::Abort) {
        return;
    }
    let is_guards = |event: &AgentEvent| match event {
        AgentEvent::ExtNotify { extension, message, .. } if extension.as_str() == GUARD => {
            (!message.contains("compiled")).then_some(())
        }
        _ => None,
    };
    session.until("the notice that the guard is asked", is_guards).await;
    if way == Way::Abort {
        return run.cancel();
    }
    fs::remove_dir_all(home.extensions().join(GUARD)).unwrap();
    session.wharf().reload(None).await;
    let left = session.wharf().extensions();
    assert!(left.iter().all(|listing| listing.name != GUARD), "it is there still: {left:?}");
}

/// What the model and whoever asked are told.
fn ended(transcript: &Transcript, end: End) {
    let texts = transcript.texts();
    let [text] = texts.as_slice() else { panic!("one result was expected: {transcript:#?}") };
    match end {
        End::Ran | End::Refused => {
            assert_eq!(transcript.outcome.status, Status::Ok);
            assert_eq!(transcript.outcome.text, "done");
            let refused = "refused because extension \"guard\", which guards this, failed: ";
            assert_eq!(text.starts_with(refused), end == End::Refused, "{text}");
        }
        End::Cancelled => {
            assert_eq!(transcript.outcome.status, Status::Cancelled);
            assert_eq!(text, "aborted");
        }
    }
}

/// What the faces are told: the guard, the cause and the consequence. Of a run that was cancelled, that alone.
fn told(transcript: &Transcript, end: End) -> Option<String> {
    let mut problems = transcript.problems();
    problems.retain(|problem| problem.starts_with("guard \"guard\": "));
    match (problems.as_slice(), end) {
        ([], End::Cancelled) => None,
        ([problem], End::Ran | End::Refused) => Some(problem.clone()),
        _ => panic!("told of the guard: {problems:#?}\n{:#?}", transcript.problems()),
    }
}

/// The extension's log has it, word for word.
fn logged(home: &Home, told: Option<&str>, way: Way, backend: BackendKind, end: End) {
    let log = home.log(GUARD);
    let cause = match backend {
        BackendKind::Component => component::cause(way),
        BackendKind::Subprocess => subprocess::cause(way),
    };
    let fits = |line: &str| {
        line.contains("guard \"guard\": ")
            && line.contains(cause)
            && line.contains(end.consequence())
            && told.is_none_or(|told| line.ends_with(told))
    };
    assert!(
        log.lines().any(fits),
        "not in the log: {cause:?} {}\ntold: {told:?}\nlog: {log}",
        end.consequence()
    );
    if (way, backend) == (Way::Denied, BackendKind::Subprocess) {
        assert!(log.contains("its request is left out: it is of version 2; "), "{log}");
    }
}
