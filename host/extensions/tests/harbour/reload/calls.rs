//! Where calls, events and registrations go while one version takes the place of another.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use crate::fake::Fake;
use crate::harbour::Harbour;
use wharf_extensions::error::Stage;
use wharf_extensions::listing::State;
use wharf_extensions::reload::{Which, summary};
use wharf_ports::tool::Toolbox;
use wharf_protocol::command::CommandSpec;
use wharf_protocol::registration::Registration;

use super::*;

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
