//! Extensions that crash, hang or talk nonsense: each fault is told by name, everything else goes on.

use std::time::{Duration, Instant};

use serde_json::json;
use wharf_conformance::scenarios;
use wharf_runtime::Status;
use wharf_runtime::ports::event::AgentEvent;
use wharf_test_support::{BackendKind, Home, Session, script};

scenarios! {
    crash_in_a_tool_is_contained => FaultIsContained;
    exit_in_a_tool_is_contained => FaultIsContained;
    crash_in_a_hook_is_contained => HookToolCallClosed;
    endless_hook_is_contained => HookToolCallClosed;
    nonsense_from_a_hook_is_contained => HookToolCallMisfit;
    endless_tool_is_cancelled => FaultIsCancelled;
    endless_tool_ends_with_its_budget in component => ComponentComputing;
}

fn home(backend: BackendKind) -> Home {
    let home = Home::new();
    home.install(backend, "hostile");
    home.install(backend, "weather");
    home
}

/// Checks that another extension still answers.
async fn weather_goes_on(session: &mut Session) {
    let transcript = session.run("/weather Berlin").await;
    assert_eq!(transcript.outcome.status, Status::Ok);
    assert!(transcript.outcome.text.contains("Berlin"), "{}", transcript.outcome.text);
}

/// Arms the hook, lets it ruin a call of `bash`, and checks what becomes of that call.
async fn ruin_a_hook(backend: BackendKind, how: &str, cause: &str) {
    let home = home(backend);
    let lines = [
        script::calls("hostile_arm", json!({ "how": how })),
        script::calls("bash", json!({ "command": "echo through > said" })),
        script::says("done"),
    ];
    let mut session = home.session().script(lines).start().await;
    let transcript = session.run("go").await;
    assert_eq!(transcript.outcome.status, Status::Ok);
    assert_eq!(transcript.outcome.text, "done");
    let end = " → refused (hook tool_call); see `wharf ext logs hostile`";
    let problems = transcript.problems();
    let problem = problems.iter().find(|problem| problem.ends_with(end));
    let problem = problem.unwrap_or_else(|| panic!("no problem ends with {end}: {problems:#?}"));
    assert!(problem.starts_with("guard \"hostile\": "), "{problem}");
    assert!(problem.contains(cause), "{problem}");
    let text = &transcript.texts()[1];
    let ran = home.project().join("said").exists();
    assert!(text.starts_with("refused because extension \"hostile\", which guards this, failed: "), "{text}");
    assert!(!ran, "the refused command ran");
    weather_goes_on(&mut session).await;
    session.close().await;
    assert!(home.log("hostile").contains(problem), "{}", home.log("hostile"));
}

async fn crash_in_a_hook_is_contained(backend: BackendKind) {
    let cause = match backend {
        BackendKind::Component => "it trapped: unreachable code",
        BackendKind::Subprocess => "SIGABRT",
    };
    ruin_a_hook(backend, "crash", cause).await;
}

async fn endless_hook_is_contained(backend: BackendKind) {
    let cause = match backend {
        BackendKind::Component => "it computed for longer than 500 ms in one call",
        BackendKind::Subprocess => "timed out after 2 s",
    };
    ruin_a_hook(backend, "spin", cause).await;
}

async fn nonsense_from_a_hook_is_contained(backend: BackendKind) {
    ruin_a_hook(backend, "nonsense", "it rewrote the arguments of bash so that they do not fit: ").await;
}

/// Ruins a tool call; the same run goes on to another extension.
async fn ruin_a_tool(backend: BackendKind, tool: &str, cause: &str) {
    let home = home(backend);
    let lines = [
        script::calls(tool, json!({})),
        script::calls("weather", json!({ "city": "Berlin" })),
        script::says("done"),
    ];
    let mut session = home.session().script(lines).start().await;
    let transcript = session.run("go").await;
    assert_eq!(transcript.outcome.status, Status::Ok);
    assert_eq!(transcript.outcome.text, "done");
    let beginning = format!("extension \"hostile\": tool {tool}: ");
    let problems = transcript.problems();
    let problem = problems.iter().find(|problem| problem.starts_with(&beginning)).unwrap();
    assert!(problem.contains(cause), "{problem}");
    assert!(problem.contains("; see `wharf ext logs hostile`"), "{problem}");
    let texts = transcript.texts();
    assert!(texts[0].starts_with(&format!("extension hostile/{tool} failed: ")), "{}", texts[0]);
    assert!(texts[1].contains("Berlin"), "{}", texts[1]);
    weather_goes_on(&mut session).await;
    session.close().await;
}

async fn crash_in_a_tool_is_contained(backend: BackendKind) {
    let cause = match backend {
        BackendKind::Component => "it trapped: unreachable code",
        BackendKind::Subprocess => "SIGABRT",
    };
    ruin_a_tool(backend, "hostile_crash", cause).await;
}

async fn exit_in_a_tool_is_contained(backend: BackendKind) {
    let cause = match backend {
        // WASI 0.2 tells the host whether a guest ended well, not its status.
        BackendKind::Component => "it called exit(1)",
        BackendKind::Subprocess => "it ended with exit status 3",
    };
    ruin_a_tool(backend, "hostile_exit", cause).await;
}

async fn endless_tool_ends_with_its_budget(backend: BackendKind) {
    ruin_a_tool(backend, "hostile_spin", "it computed for longer than 10000 ms in one call").await;
}

async fn endless_tool_is_cancelled(backend: BackendKind) {
    let home = home(backend);
    let mut session = home.session().script([script::calls("hostile_spin", json!({}))]).start().await;
    let run = session.begin("go").await;
    let is_spinning = |event: &AgentEvent| {
        matches!(event, AgentEvent::ExtNotify { message, .. } if message == "spinning").then_some(())
    };
    session.until("the notice that it spins", is_spinning).await;
    let cancelled = Instant::now();
    run.cancel();
    let transcript = session.finish(run).await;
    assert_eq!(transcript.outcome.status, Status::Cancelled);
    assert!(cancelled.elapsed() < Duration::from_secs(10), "it took {:?}", cancelled.elapsed());
    assert_eq!(transcript.outcome.exit_code(), 130);
    let results = session.results().await;
    assert_eq!(results[0].output.joined_text(), "aborted");
    weather_goes_on(&mut session).await;
    session.close().await;
}
