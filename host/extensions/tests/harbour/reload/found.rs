//! What there is to be loaded: new, gone, broken, odd, of another name.

use crate::fake::Fake;
use crate::harbour::Harbour;
use wharf_extensions::discovery::Problem;
use wharf_extensions::listing::State;
use wharf_extensions::quarantine::Quarantine;
use wharf_extensions::reload::{Which, summary};
use wharf_protocol::command::CommandSpec;
use wharf_protocol::registration::Registration;

use super::*;

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
async fn the_names_of_built_in_commands_are_taken() {
    let taking = Registration::new().command(CommandSpec::new("Reload-Ext", ""));
    let harbour = Harbour::new(vec![Fake::new("x").registers(taking)]).await;
    assert!(harbour.dispatcher.registry().command("Reload-Ext").is_none());
    assert!(harbour.problems()[0].contains("the name is built in"), "{:?}", harbour.problems());
}
