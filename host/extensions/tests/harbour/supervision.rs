//! Extensions that sleep until they are needed, crash, come back, and are given up.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::fake::{Answer, Fake};
use crate::harbour::Harbour;
use wharf_extensions::discovery::Places;
use wharf_extensions::error::Fault;
use wharf_extensions::history::History;
use wharf_extensions::lifecycle::Setup;
use wharf_extensions::limits::Bytes;
use wharf_extensions::listing::State;
use wharf_extensions::quarantine::Quarantine;
use wharf_extensions::registrations::Registrations;
use wharf_extensions::vault::Vault;
use wharf_ports::call::Cause;
use wharf_ports::hooks::{Hooks, ToolDecision};
use wharf_ports::tool::Toolbox;
use wharf_protocol::command::CommandSpec;
use wharf_protocol::event::{Event, Topic};
use wharf_protocol::hook::{HookPoint, HookSpec, OnFailure, ToolVerdict};
use wharf_protocol::json::Json;
use wharf_protocol::registration::Registration;
use wharf_protocol::tool::{ToolCall, ToolSpec};

const DECLARED: &[u8] = br#"{"name":"d","exec":"d","wharf":{"api":"0.1",
    "tools":[{"name":"t","description":"a tool","schema":{"type":"object"}}],
    "commands":[{"name":"c","description":"a command"}],"events":["turn_end"],
    "hooks":[{"on":"tool_call","tools":["bash"],"on_failure":"closed"}]}}"#;

fn registration() -> Registration {
    let any = || Json::new(r#"{"type":"object"}"#).unwrap();
    Registration::new()
        .tool(ToolSpec::new("t", "a tool", any()))
        .command(CommandSpec::new("c", "a command"))
        .events([Topic::TurnEnd])
        .hook(HookSpec::on(HookPoint::ToolCall).tools(["bash"]).on_failure(OnFailure::Closed))
}

fn call(name: &str) -> ToolCall {
    ToolCall { id: "1".into(), name: name.into(), args: Json::empty_object() }
}

fn died() -> Fault {
    Fault::Died { how: "it trapped".into() }
}

async fn run(harbour: &Harbour, name: &str) -> String {
    harbour.call_tool(&call(name), &harbour.cx()).await.joined_text()
}

/// Whether a call of `bash` may go on; if not, the reason.
async fn guarded(harbour: &Harbour) -> Result<(), String> {
    match harbour.before_tool(&call("bash"), &harbour.cx()).await {
        ToolDecision::Run(_) | ToolDecision::Ask(..) => Ok(()),
        ToolDecision::Refuse(refusal) => Err(refusal.reason),
    }
}

fn tools(harbour: &Harbour) -> Vec<String> {
    harbour.tools.specs().iter().map(|spec| spec.name.clone()).collect()
}

/// Keeps what is known in this directory, and recalls what was known.
fn remembering(home: &Path) -> impl FnOnce(&mut Setup) + use<> {
    let vault = Vault::new(home.join("cache"), home.join("key"), Bytes::mib(1));
    let history = History {
        quarantine: Some(Arc::new(Quarantine::new(home.join("quarantine.json")))),
        registrations: Some(Arc::new(Registrations::new(vault))),
        ..History::default()
    };
    move |setup| {
        setup.recollection = history.recall(&setup.discovery, &Places::default());
        setup.history = history;
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_declared_sleeps_until_it_is_needed() {
    let fake = Fake::new("d").manifest(DECLARED).registers(registration());
    let home = tempfile::tempdir().unwrap();
    let harbour = Harbour::start(vec![fake.clone()], remembering(home.path())).await;
    assert_eq!(fake.starts(), 0);
    assert_eq!(tools(&harbour), ["t"]);
    assert_eq!(harbour.extensions.list()[0].state, State::Asleep);
    assert_eq!(run(&harbour, "t").await, "t ran");
    assert_eq!(fake.starts(), 1);
    assert_eq!(harbour.extensions.list()[0].state, State::Running);
}

#[tokio::test(start_paused = true)]
async fn each_need_wakes_it() {
    for need in ["hook", "command", "event"] {
        let fake = Fake::new("d").manifest(DECLARED).registers(registration());
        let home = tempfile::tempdir().unwrap();
        let harbour = Harbour::start(vec![fake.clone()], remembering(home.path())).await;
        match need {
            "hook" => assert_eq!(guarded(&harbour).await, Ok(())),
            "command" => {
                let result = harbour.dispatcher.run_command("c", "", &harbour.cx()).await.unwrap().result;
                assert!(result.is_ok());
            }
            _ => {
                harbour.dispatcher.publish(Event::TurnEnd { stop: None, error: None }, Cause::human());
                harbour.extensions.settled().await;
                assert_eq!(harbour.seen(), ["d event turn_end"]);
            }
        }
        assert_eq!(fake.starts(), 1, "{need}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_guard_that_cannot_be_woken_refuses_and_says_why() {
    let fake = Fake::new("d").manifest(DECLARED).fails();
    let home = tempfile::tempdir().unwrap();
    let harbour = Harbour::start(vec![fake], remembering(home.path())).await;
    let reason = guarded(&harbour).await.unwrap_err();
    assert!(reason.contains("it is not running: start: it does not want to"), "{reason}");
    assert!(tools(&harbour).is_empty(), "what cannot be started has no tools");
    assert!(guarded(&harbour).await.is_err(), "and it stays closed");
}

#[tokio::test(start_paused = true)]
async fn who_crashes_comes_back_and_keeps_its_names() {
    let fake = Fake::new("x").registers(registration());
    let harbour = Harbour::new(vec![fake.clone()]).await;
    fake.lose(died());
    assert_eq!(harbour.extensions.list()[0].state, State::Restarting);
    assert_eq!(tools(&harbour), ["t"], "its names stay");
    assert_eq!(
        harbour.problems(),
        ["extension \"x\": running: it trapped; see `wharf ext logs x` → it starts again in 250 ms"]
    );
    // A call waits for it within its own deadline, and so does an event.
    harbour.dispatcher.publish(Event::TurnEnd { stop: None, error: None }, Cause::human());
    let before = tokio::time::Instant::now();
    assert_eq!(run(&harbour, "t").await, "t ran");
    assert!(before.elapsed() >= Duration::from_millis(250), "it had its pause");
    assert_eq!(harbour.seen(), ["x event turn_end"]);
    assert_eq!(fake.starts(), 2);
}

#[tokio::test(start_paused = true)]
async fn who_waited_for_its_turn_in_vain_goes_to_the_next_instance() {
    let fake = Fake::new("x").registers(registration());
    let harbour = Harbour::new(vec![fake.clone()]).await;
    fake.shut();
    let lose = async {
        while harbour.seen().is_empty() {
            tokio::task::yield_now().await;
        }
        fake.lose(died());
    };
    let (text, ()) = tokio::join!(run(&harbour, "t"), lose);
    assert_eq!(text, "t ran");
    assert_eq!(harbour.seen(), ["x turned away"], "once, and not again and again");
    assert_eq!(fake.starts(), 2);
}

#[tokio::test(start_paused = true)]
async fn three_crashes_in_a_minute_are_the_end_until_the_user_or_new_content_says_otherwise() {
    let home = tempfile::tempdir().unwrap();
    let wasm = home.path().join("x.wasm");
    std::fs::write(&wasm, "one").unwrap();
    let fake = Fake::new("x").component(&wasm).registers(registration());
    let harbour = Harbour::start(vec![fake.clone()], remembering(home.path())).await;
    for _ in 0..3 {
        harbour.extensions.settled().await;
        run(&harbour, "t").await;
        fake.lose(died());
    }
    assert_eq!(fake.starts(), 3);
    assert!(tools(&harbour).is_empty(), "its tools leave the model's list");
    let reason = guarded(&harbour).await.unwrap_err();
    let why = "it is in quarantine: it crashed 3 times within 60 s, the last time at running: it trapped";
    assert!(reason.contains(why), "{reason}");
    let result = harbour.dispatcher.run_command("c", "", &harbour.cx()).await.unwrap().result;
    let error = result.unwrap_err().to_string();
    assert!(error.contains(why) && error.contains("`wharf ext enable x`"), "{error}");
    harbour.extensions.stop().await;

    // The next run, with the same content.
    let again = Fake::new("x").component(&wasm).registers(registration());
    let harbour = Harbour::start(vec![again.clone()], remembering(home.path())).await;
    assert_eq!(again.starts(), 0);
    let problems = harbour.problems();
    assert!(problems[0].contains("it is in quarantine: since ") && problems[0].ends_with("→ not started"));
    assert!(guarded(&harbour).await.is_err(), "what it guarded stays guarded");

    // All that could be made again is gone.
    std::fs::remove_dir_all(home.path().join("cache")).unwrap();
    std::fs::remove_file(home.path().join("key")).unwrap();
    let again = Fake::new("x").component(&wasm).registers(registration());
    let harbour = Harbour::start(vec![again], remembering(home.path())).await;
    assert!(guarded(&harbour).await.is_err(), "and stays guarded");

    // New content, and the old one after it was lifted.
    std::fs::write(&wasm, "two").unwrap();
    let renewed = Fake::new("x").component(&wasm).registers(registration());
    let harbour = Harbour::start(vec![renewed.clone()], remembering(home.path())).await;
    assert_eq!(run(&harbour, "t").await, "t ran");
    std::fs::write(&wasm, "one").unwrap();
    let list = Quarantine::new(home.path().join("quarantine.json"));
    assert!(list.lift(&"x".to_owned().try_into().unwrap()).unwrap());
    let lifted = Fake::new("x").component(&wasm).registers(registration());
    let harbour = Harbour::start(vec![lifted.clone()], remembering(home.path())).await;
    assert_eq!(run(&harbour, "t").await, "t ran");
}

#[tokio::test(start_paused = true)]
async fn who_is_lost_because_the_user_cancelled_is_not_blamed() {
    let fake = Fake::new("x").registers(registration());
    let harbour = Harbour::new(vec![fake.clone()]).await;
    for _ in 0..10 {
        fake.lose(Fault::Overran { grace: Duration::from_millis(300) });
        assert_eq!(run(&harbour, "t").await, "t ran");
    }
    assert_eq!(fake.starts(), 11);
}

#[tokio::test(start_paused = true)]
async fn a_restart_that_fails_counts_as_a_crash() {
    let fake = Fake::new("x").registers(registration()).fails_from(2);
    let harbour = Harbour::new(vec![fake.clone()]).await;
    fake.lose(died());
    let reason = guarded(&harbour).await.unwrap_err();
    assert!(reason.contains("it is in quarantine: it crashed 3 times within 60 s"), "{reason}");
    let guards = harbour.dispatcher.guards();
    let listed = guards.iter().find(|guard| guard.extension.as_str() == "x").unwrap().to_string();
    assert!(listed.starts_with("guard \"x\": tool_call (bash), closed: failed: "), "{listed}");
    assert!(listed.contains("it cannot be asked now: it is in quarantine"), "{listed}");
    assert_eq!(fake.starts(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_an_earlier_start_says_does_not_count() {
    let fake = Fake::new("x").registers(registration());
    let harbour = Harbour::new(vec![fake.clone()]).await;
    fake.lose(died());
    assert_eq!(run(&harbour, "t").await, "t ran");
    let late = Registration::new().command(CommandSpec::new("late", ""));
    fake.inbound(1).register(late.clone());
    fake.inbound(1).lost(died().at(fake.inbound(1).extension(), wharf_extensions::error::Stage::Running));
    assert!(harbour.dispatcher.registry().command("late").is_none());
    assert_eq!(harbour.extensions.list()[0].state, State::Running);
    fake.inbound(2).register(late);
    assert!(harbour.dispatcher.registry().command("late").is_some());
}

#[tokio::test(start_paused = true)]
async fn a_guard_that_is_broken_today_still_closes_what_it_guarded() {
    let home = tempfile::tempdir().unwrap();
    let wasm = home.path().join("g.wasm");
    std::fs::write(&wasm, "good").unwrap();
    let good = Fake::new("g").component(&wasm).registers(registration());
    let harbour =
        Harbour::start(vec![good.clone().answers(Answer::Tool(ToolVerdict::Pass))], remembering(home.path()))
            .await;
    assert_eq!(guarded(&harbour).await, Ok(()));
    harbour.extensions.stop().await;
    std::fs::write(&wasm, "broken").unwrap();
    let harbour =
        Harbour::start(vec![Fake::new("g").component(&wasm).fails()], remembering(home.path())).await;
    let reason = guarded(&harbour).await.unwrap_err();
    assert!(reason.contains("it is not running: start: it does not want to"), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn who_has_no_manifest_sleeps_from_its_second_run_on() {
    let home = tempfile::tempdir().unwrap();
    let wasm = home.path().join("m.wasm");
    std::fs::write(&wasm, "content").unwrap();
    for starts_at_once in [1, 0] {
        let fake = Fake::new("m").component(&wasm).registers(registration());
        let harbour = Harbour::start(vec![fake.clone()], remembering(home.path())).await;
        assert_eq!(fake.starts(), starts_at_once);
        assert_eq!(tools(&harbour), ["t"]);
        harbour.extensions.stop().await;
    }
}
