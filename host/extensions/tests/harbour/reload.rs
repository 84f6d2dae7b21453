//! One version takes the place of another while the agent runs.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use crate::fake::{Fake, Harbour};
use wharf_extensions::discovery::{Places, Problem};
use wharf_extensions::error::{Fault, Stage};
use wharf_extensions::history::History;
use wharf_extensions::listing::State;
use wharf_extensions::quarantine::Quarantine;
use wharf_extensions::reload::{What, Which, summary};
use wharf_ports::call::Cause;
use wharf_ports::hooks::{Hooks, ToolDecision};
use wharf_ports::tool::Toolbox;
use wharf_protocol::command::CommandSpec;
use wharf_protocol::event::{Event, Topic};
use wharf_protocol::hook::{HookPoint, HookSpec, OnFailure};
use wharf_protocol::json::Json;
use wharf_protocol::registration::Registration;
use wharf_protocol::tool::{ToolCall, ToolSpec};

const DONE: &str = "reloaded: 1 stopped, 1 loaded (1 ready)";

fn tool(name: &str) -> Registration {
    let schema = Json::new(r#"{"type":"object"}"#).unwrap();
    Registration::new().tool(ToolSpec::new(name, "a tool", schema)).events([Topic::TurnEnd])
}

fn guarding(name: &str) -> Registration {
    tool(name).hook(HookSpec::on(HookPoint::ToolCall).tools(["bash"]).on_failure(OnFailure::Closed))
}

fn x(version: &'static str) -> Fake {
    Fake::new("x").registers(guarding("t")).version(version)
}

fn call(name: &str) -> ToolCall {
    ToolCall { id: "1".into(), name: name.into(), args: Json::empty_object() }
}

async fn run(harbour: &Harbour, name: &str) -> String {
    harbour.call_tool(&call(name), &harbour.cx()).await.joined_text()
}

async fn is_guarded(harbour: &Harbour) -> bool {
    !matches!(harbour.before_tool(&call("bash"), &harbour.cx()).await, ToolDecision::Run(_))
}

fn tools(harbour: &Harbour) -> Vec<String> {
    harbour.tools.specs().iter().map(|spec| spec.name.clone()).collect()
}

fn state(harbour: &Harbour, name: &str) -> Option<State> {
    harbour.extensions.list().into_iter().find(|listing| listing.name == name).map(|listing| listing.state)
}

fn turn_ends(harbour: &Harbour) {
    harbour.dispatcher.publish(Event::TurnEnd { stop: None, error: None }, Cause::human());
}

fn died() -> Fault {
    Fault::Died { how: "it trapped".into() }
}

/// Waits for what other tasks bring about, at their next turns.
async fn until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..10_000 {
        if holds() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("it did not happen: {what}");
}

#[tokio::test(start_paused = true)]
async fn the_new_version_takes_the_place_of_the_old_one() {
    let old = x("");
    let harbour = Harbour::new(vec![old.clone()]).await;
    let new = Fake::new("x").registers(guarding("u")).version(" 2");
    assert_eq!(harbour.reload(vec![new.clone()]).await, DONE);
    assert_eq!(tools(&harbour), ["u"], "the old names are gone in the same step");
    assert_eq!(run(&harbour, "u").await, "u 2 ran");
    until("the old one is ended", || old.stops() == 1).await;
    turn_ends(&harbour);
    assert_eq!(harbour.seen(), ["x 2 event turn_end"]);
    assert_eq!((old.starts(), new.starts()), (1, 1));
    assert_eq!(state(&harbour, "x"), Some(State::Running));
}

#[tokio::test(start_paused = true)]
async fn the_old_version_serves_until_the_new_one_has_started() {
    let old = x("");
    let harbour = Harbour::new(vec![old.clone()]).await;
    let new = x(" 2").starts_held();
    let discovery = harbour.replace(vec![new.clone()]);
    let reload = harbour.reload_found(discovery, Which::All);
    let meanwhile = async {
        until("the new one starts", || new.starts() == 1).await;
        assert_eq!(run(&harbour, "t").await, "t ran");
        turn_ends(&harbour);
        assert!(!is_guarded(&harbour).await);
        assert_eq!(old.stops(), 0);
        new.let_go();
    };
    let (changes, ()) = tokio::join!(reload, meanwhile);
    assert_eq!(summary(&changes.unwrap()), DONE);
    assert_eq!(harbour.seen(), ["x event turn_end", "x {}"]);
    assert_eq!(run(&harbour, "t").await, "t 2 ran");
}

#[tokio::test(start_paused = true)]
async fn a_version_that_fails_leaves_the_one_before_as_it_was() {
    let old = x("");
    let harbour = Harbour::new(vec![old.clone()]).await;
    let before = Arc::as_ptr(&harbour.dispatcher.registry().tool("t").unwrap().owner);
    let told = harbour.reload(vec![x(" 2").fails()]).await;
    let why = "extension \"x\": start: it does not want to; see `wharf ext logs x` → the one before stays";
    assert_eq!(told, format!("reloaded: 0 stopped, 0 loaded (0 ready), 1 error(s)\n{why}"));
    let after = Arc::as_ptr(&harbour.dispatcher.registry().tool("t").unwrap().owner);
    assert_eq!(before, after);
    assert_eq!(run(&harbour, "t").await, "t ran");
    assert_eq!((old.starts(), old.stops()), (1, 0));
    assert!(harbour.problems().is_empty(), "whoever asked for it is told");
}

#[tokio::test(start_paused = true)]
async fn what_was_looked_at_is_what_runs() {
    let old = x("");
    let harbour = Harbour::new(vec![old.clone()]).await;
    let (first, second) = (harbour.tools.resolve("t").unwrap(), harbour.tools.resolve("t").unwrap());
    assert_eq!(harbour.reload(vec![x(" 2")]).await, DONE);
    tokio::time::sleep(Duration::from_secs(30)).await;
    let answer = first.call(&call("t"), &(), &harbour.cx()).await;
    assert_eq!(answer.joined_text(), "t ran", "the version that was approved");
    old.shut();
    let answer = second.call(&call("t"), &(), &harbour.cx()).await;
    assert!(answer.is_error);
    assert_eq!(
        answer.joined_text(),
        "extension x/t failed: it is not running: another version took its place after this call was looked at; \
         nothing was run, call it again"
    );
    assert_eq!(run(&harbour, "t").await, "t 2 ran");
    drop((first, second));
    until("the old one is ended", || old.stops() == 1).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_command_leaves_on_the_screen_is_drawn_by_who_has_it() {
    let with_command = |version| x(version).registers(tool("t").command(CommandSpec::new("c", "a command")));
    let harbour = Harbour::new(vec![with_command("")]).await;
    let ran = harbour.dispatcher.run_command("c", "", &harbour.cx()).await.unwrap();
    assert_eq!(ran.draw(|| Ok(())), Ok(()));
    assert_eq!(harbour.reload(vec![with_command(" 2")]).await, DONE);
    assert!(ran.draw(|| panic!("another version has the screen")).is_err());
}

#[tokio::test(start_paused = true)]
async fn what_was_looked_at_and_is_gone_is_not_run_by_another() {
    let harbour = Harbour::new(vec![x("")]).await;
    let resolved = harbour.tools.resolve("t").unwrap();
    assert_eq!(harbour.reload(vec![Fake::new("y").registers(tool("t")).version(" y")]).await, DONE);
    let answer = resolved.call(&call("t"), &(), &harbour.cx()).await;
    assert_eq!(answer.joined_text(), "t ran", "it is ended when the call is over");
    assert_eq!(run(&harbour, "t").await, "t y ran");
}

#[tokio::test(start_paused = true)]
async fn a_call_in_flight_comes_to_its_end_where_it_began() {
    let old = x("").calls_held();
    let harbour = Harbour::new(vec![old.clone()]).await;
    let reload = async {
        until("the call has begun", || old.calls() == 1).await;
        assert_eq!(harbour.reload(vec![x(" 2")]).await, DONE);
        assert_eq!(run(&harbour, "t").await, "t 2 ran", "a later call finds the new version");
        tokio::time::sleep(Duration::from_secs(30)).await;
        assert_eq!(old.stops(), 0, "it is not ended in the middle of a call");
        old.let_go();
    };
    let (text, ()) = tokio::join!(run(&harbour, "t"), reload);
    assert_eq!(text, "t ran");
    assert_eq!(old.calls(), 1);
    until("the old one is ended", || old.stops() == 1).await;
}

#[tokio::test(start_paused = true)]
async fn events_that_waited_for_the_old_version_go_to_the_new_one_once_and_first() {
    let old = x("");
    let harbour = Harbour::new(vec![old.clone()]).await;
    let new = x(" 2").starts_held();
    let discovery = harbour.replace(vec![new.clone()]);
    let reload = harbour.reload_found(discovery, Which::All);
    let meanwhile = async {
        until("the new one starts", || new.starts() == 1).await;
        old.lose(died());
        turn_ends(&harbour);
        assert!(harbour.seen().is_empty(), "nobody is there");
        new.let_go();
    };
    let (changes, ()) = tokio::join!(reload, meanwhile);
    assert_eq!(summary(&changes.unwrap()), DONE);
    assert_eq!(harbour.seen(), ["x 2 event turn_end"]);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(old.starts(), 1, "the restart of the old one is given up");
    assert_eq!(new.starts(), 1);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_restart_of_the_old_version_gets_the_new_one_unless_it_was_approved() {
    let with_command =
        |version| x(version).registers(guarding("t").command(CommandSpec::new("c", "a command")));
    let old = with_command("");
    let harbour = Harbour::new(vec![old.clone()]).await;
    old.lose(died());
    let cx = harbour.cx();
    let command = harbour.dispatcher.run_command("c", "", &cx);
    let (answer, ran, told) =
        tokio::join!(run(&harbour, "t"), command, harbour.reload(vec![with_command(" 2")]));
    assert_eq!(told, DONE);
    assert!(answer.ends_with("nothing was run, call it again"), "{answer}");
    assert!(ran.is_some_and(|ran| ran.result.is_ok()));
}

#[tokio::test(start_paused = true)]
async fn a_version_that_is_lost_before_its_turn_has_failed() {
    let other = |version| Fake::new("y").registers(tool("u")).version(version);
    let harbour = Harbour::new(vec![x(""), other("")]).await;
    let (new, slow) = (x(" 2"), other(" 2").starts_held());
    let discovery = harbour.replace(vec![new.clone(), slow.clone()]);
    let reload = harbour.reload_found(discovery, Which::All);
    let meanwhile = async {
        until("both start", || new.starts() == 1 && slow.starts() == 1).await;
        new.lose(died());
        slow.let_go();
    };
    let (changes, ()) = tokio::join!(reload, meanwhile);
    let changes = changes.unwrap();
    assert!(changes[0].failure().unwrap().contains("it trapped"), "{changes:?}");
    assert_eq!(changes[1].what, What::Replaced);
    assert_eq!((run(&harbour, "t").await.as_str(), run(&harbour, "u").await.as_str()), ("t ran", "u 2 ran"));
}

#[tokio::test(start_paused = true)]
async fn a_version_that_crashes_later_is_started_again_like_any_other() {
    let harbour = Harbour::new(vec![x("")]).await;
    let new = x(" 2");
    assert_eq!(harbour.reload(vec![new.clone()]).await, DONE);
    new.lose(died());
    assert_eq!(state(&harbour, "x"), Some(State::Restarting));
    assert_eq!(run(&harbour, "t").await, "t 2 ran");
    assert_eq!(new.starts(), 2);
}

#[tokio::test(start_paused = true)]
async fn two_reloads_at_once_happen_one_after_the_other() {
    let old = x("");
    let harbour = Harbour::new(vec![old.clone()]).await;
    let new = x(" 2").starts_held();
    let discovery = || harbour.replace(vec![new.clone()]);
    let let_go = async {
        until("one starts", || new.starts() == 1).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(new.starts(), 1, "the other one waits");
        new.let_go();
        new.let_go();
    };
    let (first, second, ()) = tokio::join!(
        harbour.reload_found(discovery(), Which::All),
        harbour.reload_found(discovery(), Which::All),
        let_go
    );
    assert_eq!((summary(&first.unwrap()).as_str(), summary(&second.unwrap()).as_str()), (DONE, DONE));
    until("two are ended", || old.stops() + new.stops() == 2).await;
    assert_eq!((old.starts(), new.starts()), (1, 2));
    assert_eq!(run(&harbour, "t").await, "t 2 ran");
}

#[tokio::test(start_paused = true)]
async fn a_reload_ends_with_the_agent() {
    let old = x("");
    let harbour = Harbour::new(vec![old.clone()]).await;
    let new = x(" 2").starts_held();
    let discovery = harbour.replace(vec![new.clone()]);
    let reload = harbour.reload_found(discovery, Which::All);
    let end = async {
        until("the new one starts", || new.starts() == 1).await;
        harbour.extensions.stop().await;
    };
    let (changes, ()) = tokio::join!(reload, end);
    assert!(changes.unwrap_err().contains("the agent is ending"));
    assert_eq!(old.stops(), 1);
    let late = harbour.reload_found(harbour.replace(vec![x(" 3")]), Which::All).await;
    assert!(late.is_err(), "nothing starts any more");
}

#[tokio::test(start_paused = true)]
async fn who_gives_a_reload_up_has_changed_nothing() {
    let old = x("");
    let harbour = Harbour::new(vec![old.clone()]).await;
    let new = x(" 2").starts_held();
    let discovery = harbour.replace(vec![new.clone()]);
    let reload = harbour.reload_found(discovery, Which::All);
    assert!(tokio::time::timeout(Duration::from_secs(1), reload).await.is_err());
    assert_eq!(new.starts(), 1);
    assert_eq!(run(&harbour, "t").await, "t ran");
    assert_eq!(harbour.reload(vec![x(" 3")]).await, DONE, "and nothing is in the way of the next");
    assert_eq!(run(&harbour, "t").await, "t 3 ran");
}

#[tokio::test(start_paused = true)]
async fn who_sleeps_is_replaced_and_sleeps_on() {
    const DECLARED: &[u8] = br#"{"name":"x","exec":"x","wharf":{"api":"0.1",
        "tools":[{"name":"t","description":"a tool","schema":{"type":"object"}}]}}"#;
    let sleeper = |version| Fake::new("x").manifest(DECLARED).registers(tool("t")).version(version);
    let old = sleeper("");
    let home = tempfile::tempdir().unwrap();
    let harbour = Harbour::start(vec![old.clone()], recalling(home.path())).await;
    let new = sleeper(" 2");
    assert_eq!(harbour.reload(vec![new.clone()]).await, DONE);
    assert_eq!(state(&harbour, "x"), Some(State::Asleep));
    assert_eq!((old.starts(), new.starts()), (0, 0));
    assert_eq!(run(&harbour, "t").await, "t 2 ran");
    // Now it runs, and so does the one that takes its place.
    let newer = sleeper(" 3");
    assert_eq!(harbour.reload(vec![newer.clone()]).await, DONE);
    assert_eq!((state(&harbour, "x"), newer.starts()), (Some(State::Running), 1));
}

/// Recalls what is known from this directory.
fn recalling(home: &Path) -> impl FnOnce(&mut wharf_extensions::lifecycle::Setup) + use<> {
    let quarantine = Some(Arc::new(Quarantine::new(home.join("quarantine.json"))));
    let history = History { quarantine, ..History::default() };
    move |setup| {
        setup.recollection = history.recall(&setup.discovery, &Places::default());
        setup.history = history;
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_new_docks_and_what_is_gone_undocks() {
    let gone = Fake::new("g").registers(guarding("old"));
    let harbour = Harbour::new(vec![gone.clone(), x("")]).await;
    let new = Fake::new("n").registers(tool("new"));
    let discovery = harbour.replace(vec![new.clone(), x(" 2")]);
    let changes = harbour.reload_found(discovery, Which::These(Vec::new())).await.unwrap();
    assert_eq!(summary(&changes), DONE);
    assert_eq!(tools(&harbour), ["new", "t"]);
    assert_eq!(run(&harbour, "t").await, "t ran", "nobody asked for this one");
    until("what is gone is ended", || gone.stops() == 1).await;
    assert_eq!(run(&harbour, "old").await, "unknown tool \"old\"");
    assert_eq!(state(&harbour, "g"), None);
}

#[tokio::test(start_paused = true)]
async fn what_is_there_but_cannot_be_read_stays() {
    let harbour = Harbour::new(vec![x("")]).await;
    let mut discovery = harbour.replace(Vec::new());
    let path = x("").extension().directory.join("extension.json");
    let message = format!("{}: manifest: bad", path.display());
    discovery.problems.push(Problem { path, message, fatal: true, origin: None, shadowed: None });
    let told = summary(&harbour.reload_found(discovery, Which::All).await.unwrap());
    assert!(told.ends_with("1 error(s)\n/extension.json: manifest: bad → the one before stays"), "{told}");
    assert_eq!(run(&harbour, "t").await, "t ran");
}

#[tokio::test(start_paused = true)]
async fn what_is_odd_about_a_new_version_is_told() {
    let harbour = Harbour::new(vec![x("")]).await;
    let mut discovery = harbour.replace(vec![x(" 2")]);
    for directory in [x("").extension().directory, "/elsewhere".into()] {
        let path = directory.join("extension.json");
        let message = format!("{}: unknown key \"x\"", path.display());
        discovery.problems.push(Problem { path, message, fatal: false, origin: None, shadowed: None });
    }
    assert_eq!(summary(&harbour.reload_found(discovery, Which::All).await.unwrap()), DONE);
    assert_eq!(harbour.problems(), ["warning: /extension.json: unknown key \"x\""]);
}

#[tokio::test(start_paused = true)]
async fn a_name_that_nothing_has_is_told_with_those_that_there_are() {
    let harbour = Harbour::new(vec![x("")]).await;
    let which = Which::These(vec!["nobody".to_owned().try_into().unwrap()]);
    let told = summary(&harbour.reload_found(harbour.replace(vec![x("")]), which).await.unwrap());
    assert!(told.ends_with("there is no extension \"nobody\"; there are: x"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn who_is_out_gets_another_chance_with_other_content() {
    let home = tempfile::tempdir().unwrap();
    let wasm = home.path().join("x.wasm");
    std::fs::write(&wasm, "one").unwrap();
    let bad = x("").component(&wasm);
    let harbour = Harbour::start(vec![bad.clone()], recalling(home.path())).await;
    for _ in 0..3 {
        run(&harbour, "t").await;
        bad.lose(died());
    }
    assert!(matches!(state(&harbour, "x"), Some(State::Quarantined(_))));
    let list = Quarantine::new(home.path().join("quarantine.json"));
    while list.entries().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    let told = harbour.reload(vec![x(" 2").component(&wasm)]).await;
    assert!(told.contains("it is in quarantine"), "{told}");
    assert!(is_guarded(&harbour).await, "what it guarded stays guarded");

    std::fs::write(&wasm, "two").unwrap();
    assert_eq!(harbour.reload(vec![x(" 2").component(&wasm)]).await, DONE);
    assert_eq!(run(&harbour, "t").await, "t 2 ran");
    assert!(!is_guarded(&harbour).await);
}

#[tokio::test(start_paused = true)]
async fn who_could_not_be_started_gets_another_chance() {
    let harbour = Harbour::new(vec![x("").fails()]).await;
    assert!(matches!(state(&harbour, "x"), Some(State::Failed(_))));
    assert_eq!(harbour.reload(vec![x(" 2")]).await, DONE);
    assert_eq!(run(&harbour, "t").await, "t 2 ran");
}

#[tokio::test(start_paused = true)]
async fn who_has_a_name_keeps_it() {
    let harbour = Harbour::new(vec![Fake::new("y").registers(tool("t")).version(" of y")]).await;
    // It goes before the other, but comes later.
    let told = harbour.reload(vec![x(""), Fake::new("y").registers(tool("t")).version(" of y")]).await;
    assert_eq!(told, "reloaded: 1 stopped, 2 loaded (2 ready)");
    assert_eq!(run(&harbour, "t").await, "t of y ran");
    let problems = harbour.problems();
    assert!(problems[0].starts_with("tool \"t\" of \"x\" is left out: \"y\" has it already"), "{problems:?}");
}

#[tokio::test(start_paused = true)]
async fn a_name_can_go_from_one_to_the_other_in_one_reload() {
    let y = |name| Fake::new("y").registers(tool(name));
    let harbour = Harbour::new(vec![x(""), y("u")]).await;
    let given_away = Fake::new("x").registers(tool("v"));
    harbour.reload(vec![given_away, y("t").version(" of y")]).await;
    assert_eq!(run(&harbour, "t").await, "t of y ran");
    assert!(harbour.problems().is_empty(), "{:?}", harbour.problems());
}

#[tokio::test(start_paused = true)]
async fn what_is_registered_early_counts_and_what_the_old_one_registers_late_does_not() {
    let old = x("").calls_held();
    let harbour = Harbour::new(vec![old.clone()]).await;
    let new = x(" 2").starts_held();
    let discovery = harbour.replace(vec![new.clone()]);
    let more = |name: &str| Registration::new().command(CommandSpec::new(name, ""));
    let reload = async {
        until("the call has begun", || old.calls() == 1).await;
        let early = async {
            until("the new one starts", || new.starts() == 1).await;
            new.register(more("early"));
            let registry = harbour.dispatcher.registry();
            assert!(registry.command("early").is_none(), "nothing of it shows yet");
            new.let_go();
        };
        let (changes, ()) = tokio::join!(harbour.reload_found(discovery, Which::All), early);
        assert_eq!(summary(&changes.unwrap()), DONE);
        old.register(more("late"));
        old.inbound(1).lost(died().at(old.inbound(1).extension(), Stage::Running));
        old.let_go();
    };
    let (text, ()) = tokio::join!(run(&harbour, "t"), reload);
    assert_eq!(text, "t ran");
    let registry = harbour.dispatcher.registry();
    assert!(registry.command("early").is_some() && registry.command("late").is_none());
    assert_eq!(state(&harbour, "x"), Some(State::Running), "the end of the old one is not the new one's");
}

#[tokio::test(start_paused = true)]
async fn the_names_of_built_in_commands_are_taken() {
    let taking = Registration::new().command(CommandSpec::new("Reload-Ext", ""));
    let harbour = Harbour::new(vec![Fake::new("x").registers(taking)]).await;
    assert!(harbour.dispatcher.registry().command("Reload-Ext").is_none());
    assert!(harbour.problems()[0].contains("the name is built in"), "{:?}", harbour.problems());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_steady_calls_none_is_lost_and_none_is_made_twice() {
    const CALLERS: usize = 4;
    let first = x("");
    let harbour = Arc::new(Harbour::new(vec![first.clone()]).await);
    let (over, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let (harbour, over, answered) = (harbour.clone(), over.clone(), answered.clone());
            tokio::spawn(async move {
                while !over.load(Ordering::SeqCst) {
                    let text = run(&harbour, "t").await;
                    assert!(text.ends_with(" ran"), "{text}");
                    answered.fetch_add(1, Ordering::SeqCst);
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    let mut versions = vec![first];
    for _ in 0..100 {
        let next = x(" n");
        versions.push(next.clone());
        assert_eq!(harbour.reload(vec![next]).await, DONE);
    }
    over.store(true, Ordering::SeqCst);
    for caller in callers {
        caller.await.unwrap();
    }
    let made: u32 = versions.iter().map(Fake::calls).sum();
    assert_eq!(made, answered.load(Ordering::SeqCst));
    harbour.extensions.stop().await;
    assert!(versions.iter().all(|version| version.stops() == 1), "each is ended once");
}
