//! One version takes the place of the one before, or does not.

use std::sync::Arc;
use std::time::Duration;

use crate::fake::Fake;
use crate::harbour::Harbour;
use wharf_extensions::listing::State;
use wharf_extensions::reload::{What, Which, summary};

use super::*;

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
