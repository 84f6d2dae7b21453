use std::sync::Arc;
use std::time::Duration;

use super::*;

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(5)
}

async fn wait_for_queue(lane: &Lane<u8>, class: Class, length: usize) {
    while lane.lock().queue.of(class).len() < length {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_hook_goes_before_a_call_that_waited_longer() {
    let lane = Arc::new(Lane::new(Box::new(0_u8)));
    let token = CancellationToken::new();
    let held = lane.enter(Class::Call, "first", soon(), &token).await.unwrap();
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = Vec::new();
    for (class, name) in [(Class::Event, "event"), (Class::Call, "call"), (Class::Hook, "hook")] {
        let (waiting, order, token) = (lane.clone(), order.clone(), token.clone());
        tasks.push(tokio::spawn(async move {
            let held = waiting.enter(class, name, soon(), &token).await.unwrap();
            order.lock().unwrap().push(name);
            waiting.leave(held);
        }));
        wait_for_queue(&lane, class, 1).await;
    }
    lane.leave(held);
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(*order.lock().unwrap(), ["hook", "call", "event"]);
}

#[tokio::test(start_paused = true)]
async fn who_gives_up_waiting_is_told_what_kept_it_busy_and_loses_nothing() {
    let lane = Lane::new(Box::new(0_u8));
    let token = CancellationToken::new();
    let held = lane.enter(Class::Call, "tool slow", soon(), &token).await.unwrap();
    let fault = lane.enter(Class::Hook, "hook", soon(), &token).await.unwrap_err();
    assert_eq!(fault.to_string(), "timed out after 5 s (it was busy with tool slow)");
    lane.leave(held);
    assert!(lane.try_enter("next").is_some());
}

#[tokio::test]
async fn closing_tells_everybody_why() {
    let lane = Arc::new(Lane::new(Box::new(0_u8)));
    let token = CancellationToken::new();
    let held = lane.try_enter("tool bad").unwrap();
    let waiting = lane.clone();
    let task =
        tokio::spawn(async move { waiting.enter(Class::Call, "tool", soon(), &token).await.map(|_| ()) });
    wait_for_queue(&lane, Class::Call, 1).await;
    lane.close(Fault::Died { how: "it trapped".into() });
    drop(held);
    assert_eq!(task.await.unwrap().unwrap_err().to_string(), "it is not running: it trapped");
    assert!(lane.try_enter("later").is_none());
}

#[tokio::test]
async fn who_is_being_ended_is_entered_for_that_alone() {
    let lane = Lane::new(Box::new(0_u8));
    let token = CancellationToken::new();
    lane.end(Fault::NotRunning { why: "it was stopped".into() });
    assert!(lane.try_enter("event").is_none());
    assert!(lane.enter(Class::Hook, "hook", soon(), &token).await.is_err());
    let held = lane.enter(Class::Control, "stop", soon(), &token).await.unwrap();
    lane.leave(held);
    assert!(lane.enter(Class::Call, "tool", soon(), &token).await.is_err());
}

#[tokio::test]
async fn a_full_queue_says_busy() {
    let lane = Arc::new(Lane::new(Box::new(0_u8)));
    let _held = lane.try_enter("first").unwrap();
    let token = CancellationToken::new();
    let tasks: Vec<_> = (0..32)
        .map(|_| {
            let (lane, token) = (lane.clone(), token.clone());
            tokio::spawn(async move { lane.enter(Class::Hook, "hook", soon(), &token).await.map(|_| ()) })
        })
        .collect();
    wait_for_queue(&lane, Class::Hook, 32).await;
    let refused = lane.enter(Class::Hook, "one more", soon(), &token).await.map(|_| ());
    assert!(matches!(refused, Err(Fault::Busy { waiting: 32 })), "{refused:?}");
    token.cancel();
    for task in tasks {
        assert!(matches!(task.await.unwrap(), Err(Fault::Cancelled)));
    }
}
