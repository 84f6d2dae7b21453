//! One agent run in which a dropped-in component and a legacy executable extension work side by side; prints what
//! happens so that somebody who knows nothing of it can follow. `cargo xtask demo` prepares its directories:
//!
//! `demo HOME PROJECT`, where `HOME/extensions` holds the extensions. Ends with 1 if anything is not as it should be.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it prints what happens")]

use std::path::PathBuf;
use std::process::ExitCode;

use wharf_runtime::extensions::{Listing, State};
use wharf_runtime::ports::event::AgentEvent;
use wharf_runtime::ports::message::Body;
use wharf_runtime::{ApprovalMode, ModelChoice, Places, Wharf};

/// What the scripted model answers, one line for each model call.
const SCRIPT: &str = r#"
{"text":"First the weather, and a note.","tool_calls":[{"id":"t1","name":"weather","args":{"city":"Berlin"}},{"id":"t2","name":"add_note","args":{"body":"  pack   an umbrella "}}]}
{"text":"Now I clean up.","tool_calls":[{"id":"t3","name":"bash","args":{"command":"wipe ./build"}}]}
{"text":"That was refused. What is there?","tool_calls":[{"id":"t4","name":"bash","args":{"command":"ll"}}]}
{"text":"The build directory is still there."}
"#;

#[tokio::main]
async fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(home), Some(project)) = (args.next(), args.next()) else {
        eprintln!("usage: demo HOME PROJECT");
        return ExitCode::from(2);
    };
    match run(home, project).await {
        Ok(0) => ExitCode::SUCCESS,
        Ok(failed) => {
            eprintln!("{failed} of the checks failed");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("demo: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(home: PathBuf, project: PathBuf) -> Result<u32, Box<dyn std::error::Error>> {
    let script = home.join("script.jsonl");
    std::fs::write(&script, SCRIPT)?;
    let wharf = Wharf::builder()
        .places(Places::under(&home))
        .cwd(project)
        .model(ModelChoice::Script(script))
        .approval(ApprovalMode::Auto)
        .build()
        .await?;
    let mut checks = Checks::default();
    wharf.ready().await;
    show_extensions(&wharf.extensions());
    show_run(&wharf, &mut checks).await;
    show_transcript(&wharf, &mut checks).await;
    show_commands(&wharf, &mut checks).await;
    check_kinds(&wharf.extensions(), &mut checks);
    show_costs(&wharf);
    wharf.close().await;
    Ok(checks.finish())
}

/// What the demo promises, and whether it was seen.
#[derive(Default)]
struct Checks {
    lines: Vec<(bool, String)>,
}

impl Checks {
    fn expect(&mut self, seen: bool, what: &str) {
        self.lines.push((seen, what.to_owned()));
    }

    fn finish(self) -> u32 {
        println!("\n=== What was to be shown, and whether it was seen ===\n");
        for (seen, what) in &self.lines {
            println!("  {} {what}", if *seen { "ok  " } else { "FAIL" });
        }
        u32::try_from(self.lines.iter().filter(|(seen, _)| !seen).count()).unwrap_or(u32::MAX)
    }
}

fn show_extensions(extensions: &[Listing]) {
    println!("\n=== 1. The extensions that were found in the directory, and how each of them runs ===\n");
    for listing in extensions {
        let state = match &listing.state {
            State::Running => "running",
            State::Failed(_) => "failed",
            State::Asleep => "asleep until it is needed",
            State::Found | State::Starting | State::Restarting | State::Quarantined(_) | State::Disabled => {
                "not running"
            }
        };
        println!("  {:<8} {:<10} {state}: {}", listing.name, listing.backend, listing.description);
        for (word, names) in [("tools", &listing.tools), ("commands", &listing.commands)] {
            if !names.is_empty() {
                println!("             {word}: {}", names.join(", "));
            }
        }
        for (word, names) in [("hooks (asked before)", &listing.hooks), ("events (told of)", &listing.events)]
        {
            if !names.is_empty() {
                println!("             {word}: {}", names.join(", "));
            }
        }
    }
}

/// By now each of them has been needed.
fn check_kinds(extensions: &[Listing], checks: &mut Checks) {
    let runs = |name: &str, backend: &str| {
        extensions.iter().any(|it| it.name == name && it.backend == backend && it.state == State::Running)
    };
    checks.expect(
        runs("weather", "component") && runs("guard", "component"),
        "the .wasm files copied into the directory run as sandboxed components",
    );
    checks.expect(
        runs("notes", "subprocess") && runs("abbrev", "subprocess"),
        "the legacy executable extensions copied into it, unchanged, run as subprocesses",
    );
}

async fn show_run(wharf: &Wharf, checks: &mut Checks) {
    println!(
        "\n=== 2. One run: the model is scripted and bash is allowed to run; everything else is real ===\n"
    );
    let prompt = "What is the weather in Berlin? Then clean up the build directory.";
    let mut events = wharf.events();
    let mut outcome = Box::pin(wharf.prompt(prompt).await.outcome());
    let mut results = Vec::new();
    let outcome = loop {
        tokio::select! {
            biased;
            Some(event) = events.next() => show_event(&event, &mut results),
            outcome = &mut outcome => break outcome,
        }
    };
    while let Some(event) = events.try_next() {
        show_event(&event, &mut results);
    }
    let result = |id: &str| results.iter().find(|(call, _)| call == id).map_or("", |(_, text)| text.as_str());
    checks.expect(outcome.exit_code() == 0, "the run ended well");
    checks.expect(result("t1").contains("Berlin"), "the model's call reached the component's tool weather");
    checks.expect(
        result("t2").contains("stored note 1"),
        "the model's call reached the subprocess's tool add_note",
    );
    checks.expect(
        result("t3").contains("rm") && !result("t3").contains("[exit"),
        "the component guard refused the command that the subprocess abbrev had made of the model's",
    );
    checks.expect(result("t4").contains("$ ls -l"), "a rewritten command that the guard let pass ran");
}

fn show_event(event: &AgentEvent, results: &mut Vec<(String, String)>) {
    match event {
        AgentEvent::UserMessage { content, .. } => {
            let text: Vec<&str> = content.iter().filter_map(|content| content.as_text()).collect();
            println!("  user    {}", text.join(" "));
        }
        AgentEvent::TextDelta(text) => println!("  model   {text}"),
        AgentEvent::ToolCall { id, name, args } => println!("  model   calls {name} {args}   ({id})"),
        AgentEvent::ToolResult { id, output, ran } => {
            let text = output.joined_text();
            let word = match (output.is_error, ran) {
                (true, _) => "refused",
                (false, Some(_)) => "result of the rewritten call",
                (false, None) => "result",
            };
            println!("  wharf   {id} {word}: {}", text.replace('\n', "\n          "));
            results.push((id.clone(), text));
        }
        AgentEvent::ToolRewritten { id, by, args } => println!("  {by:<7} rewrites {id}: {args}"),
        AgentEvent::ExtFailed { message, .. } => println!("  wharf   {message}"),
        AgentEvent::ExtNotify { extension, message, .. } => println!("  {extension} says {message}"),
        _ => {}
    }
}

async fn show_transcript(wharf: &Wharf, checks: &mut Checks) {
    println!("\n=== 3. What the model itself was told about the refused call ===\n");
    let mut told = String::new();
    for message in wharf.messages().await {
        let Body::Tool(results) = message.body else { continue };
        for result in results.iter().filter(|result| result.call_id == "t3") {
            told = result.output.joined_text();
        }
    }
    println!("  {told}");
    checks.expect(told.contains("rm -rf"), "the refusal text is what the model sees");
}

async fn show_commands(wharf: &Wharf, checks: &mut Checks) {
    println!("\n=== 4. A slash command of each ===\n");
    for (command, backend, proof) in [
        ("/guard", "component", "rm -rf ./build"),
        ("/notes", "subprocess", "1. pack an umbrella"),
        ("/weather Oslo", "component", "Oslo"),
    ] {
        let outcome = wharf.prompt(command).await.outcome().await;
        println!("  {command}   ({backend})\n      {}\n", outcome.text.replace('\n', "\n      "));
        checks.expect(outcome.text.contains(proof), &format!("{command} of a {backend} ran"));
        if command != "/weather Oslo" {
            let watched = outcome.text.contains("4 model calls");
            checks.expect(
                watched,
                &format!("the {backend} behind {command} received the events of all 4 model calls"),
            );
        }
    }
}

fn show_costs(wharf: &Wharf) {
    println!("=== 5. What each extension took: Wharf counts every call and event ===\n");
    for (name, cost) in wharf.costs() {
        let each = cost.micros.checked_div(cost.calls).unwrap_or_default();
        println!("  {name:<8} {} calls, {} events, {each} µs a call", cost.calls, cost.events);
    }
}
