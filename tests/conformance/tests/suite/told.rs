//! Events about prompts, about a conversation that was made shorter, and about events that were dropped.

use std::fs;
use std::time::Duration;

use serde_json::json;
use wharf_conformance::scenarios;
use wharf_runtime::Reply;
use wharf_runtime::extensions::limits::{Bytes, Limits};
use wharf_runtime::ports::event::AgentEvent;
use wharf_test_support::{BackendKind, Home, Session, script};

scenarios! {
    prompts_and_their_ends_are_told => EventPrompt, EventPromptEnd;
    a_shorter_conversation_is_told => EventCompaction;
    a_busy_component_is_told_of_dropped_events in component => EventLagged;
    a_process_that_reads_too_late_is_told_of_dropped_events in subprocess => EventLagged;
}

/// What the desk has heard.
async fn heard(session: &mut Session) -> String {
    session.run(r#"/desk {"do":"heard"}"#).await.outcome.text
}

/// The same, as soon as it has heard this: a command may overtake events that wait.
async fn heard_at_last(session: &mut Session, what: &str) -> String {
    let mut all = String::new();
    for _ in 0..2000 {
        all = heard(session).await;
        if all.contains(what) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    all
}

async fn prompts_and_their_ends_are_told(backend: BackendKind) {
    let home = Home::new();
    home.install(backend, "desk");
    let lines = [
        script::says("hello"),
        script::calls("desk", json!({ "do": "submit", "text": "more" })),
        script::says("one"),
        script::says("two"),
        script::calls("desk", json!({ "do": "wait" })),
        script::says("never"),
    ];
    let mut session = home.session().script(lines).start().await;
    session.run("hi").await;
    let run = session.begin("go").await;
    let told = |event: &AgentEvent| matches!(event, AgentEvent::TextDelta(text) if text == "two");
    session.until("the prompt that was submitted", |event| told(event).then_some(())).await;
    session.finish(run).await;
    let run = session.begin("stop").await;
    let called = |event: &AgentEvent| matches!(event, AgentEvent::ToolCall { args, .. } if args.as_str().contains("wait"));
    session.until("the call", |event| called(event).then_some(())).await;
    run.cancel();
    session.finish(run).await;
    session.run("the last").await;
    session.run("over").await;
    let heard = heard_at_last(&mut session, "prompt_end failed").await;
    let prompts: Vec<&str> = heard.lines().filter(|line| line.starts_with("prompt")).collect();
    assert_eq!(
        prompts,
        [
            "prompt hi by the user",
            "prompt_end ok -",
            "prompt go by the user",
            "prompt_end ok -",
            "prompt more by desk",
            "prompt_end ok -",
            "prompt stop by the user",
            "prompt_end cancelled -",
            "prompt the last by the user",
            "prompt_end ok -",
            "prompt over by the user",
            "prompt_end failed script exhausted after 6 responses",
        ]
    );
    session.close().await;
}

async fn a_shorter_conversation_is_told(backend: BackendKind) {
    let home = Home::new();
    home.install(backend, "desk");
    let lines = [script::says("hello"), script::says("in short")];
    let mut session = home.session().script(lines).start().await;
    session.run("hi").await;
    assert_eq!(session.run("/compact").await.outcome.text, "in short");
    let heard = heard_at_last(&mut session, "compaction").await;
    assert!(heard.contains("compaction 2 by the model"), "{heard}");
    session.close().await;
}

/// While a dialog is open nothing else reaches a component.
async fn a_busy_component_is_told_of_dropped_events(backend: BackendKind) {
    let home = Home::new();
    home.install(backend, "desk");
    let mut session = home.session().with(|builder| builder.ui(true)).start().await;
    session.run(r#"/desk {"do":"open","panel":"p"}"#).await;
    let run = session.begin(r#"/desk {"do":"confirm","text":"sure?"}"#).await;
    let dialog = |event: &AgentEvent| match event {
        AgentEvent::ExtDialog { id, .. } => Some(*id),
        _ => None,
    };
    let dialog = session.until("a dialog", dialog).await;
    let desk = "desk".to_owned().try_into().unwrap();
    for _ in 0..300 {
        assert!(session.wharf().panel_key(&desk, "p", "down", ""));
    }
    assert!(session.wharf().answer(dialog, Some(Reply::Confirmed { yes: true })));
    session.finish(run).await;
    // When one of them has been dealt with there is room again. The next to come says how many are missing.
    heard_at_last(&mut session, "key p down").await;
    assert!(session.wharf().panel_key(&desk, "p", "up", ""));
    let all = heard_at_last(&mut session, "key p up").await;
    // Whether one is dealt with while the others come is not known: each gap tells how many are missing in it.
    let keys = all.lines().filter(|line| *line == "key p down ").count();
    let dropped = all.lines().filter_map(|line| line.strip_prefix("lagged ")?.trim().parse::<usize>().ok());
    assert_eq!(keys + dropped.sum::<usize>(), 300, "{all}");
    let before = all.lines().take_while(|line| *line != "key p up ").last().unwrap_or_default();
    assert!(before.starts_with("lagged "), "{all}");
    session.close().await;
}

/// It reads nothing until it finds the file.
const SLOW: &str = r#"
echo '{"type":"hello","name":"slow","protocol_version":2}'
echo '{"type":"subscribe","events":["assistant_message"]}'
echo '{"type":"ready"}'
while ! [ -e go ]; do sleep 0.01; done
cat > heard
"#;

async fn a_process_that_reads_too_late_is_told_of_dropped_events(_: BackendKind) {
    let home = Home::new();
    let directory = home.install_shell("slow", SLOW);
    let mut limits = Limits::STANDARD;
    limits.subprocess.queue_lines = 8;
    limits.subprocess.queue = Bytes::mib(4);
    let says = json!({ "text": "x".repeat(64 << 10), "repeat": true }).to_string();
    let mut session = home.session().script([says]).with(|builder| builder.limits(limits)).start().await;
    for _ in 0..12 {
        session.run("go on").await;
    }
    fs::write(directory.join("go"), "").unwrap();
    // It reads at its own pace: until it has, what is written to it may be dropped as well.
    let heard = || fs::read_to_string(directory.join("heard")).unwrap_or_default();
    let mut runs = 12;
    while !heard().contains("lagged") && runs < 1000 {
        session.run("once more").await;
        runs += 1;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    session.close().await;
    let heard = heard();
    let messages = heard.matches(r#""event":"assistant_message""#).count();
    let dropped: Vec<usize> = heard
        .lines()
        .filter_map(|line| line.strip_prefix(r#"{"type":"event","event":"lagged","dropped":"#))
        .filter_map(|count| count.strip_suffix('}')?.parse().ok())
        .collect();
    assert!(!dropped.is_empty(), "{messages} of {runs}: {}", home.log("slow"));
    assert_eq!(messages + dropped.iter().sum::<usize>(), runs, "{dropped:?}: {}", home.log("slow"));
}
