//! The order of prompts.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "test code")]

use wharf_protocol::content::Content;
use wharf_runtime::ports::event::AgentEvent;
use wharf_runtime::{Places, Wharf};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prompts_are_taken_up_in_the_order_in_which_they_were_given() {
    let home = tempfile::tempdir().unwrap();
    let builder = Wharf::builder().places(Places::under(home.path())).cwd(home.path());
    let wharf = builder.build().await.unwrap();
    let mut events = wharf.events();
    // On a worker thread what is spawned last runs first.
    let asking = wharf.clone();
    let runs = tokio::spawn(async move {
        let mut runs = Vec::new();
        for number in 0..30 {
            runs.push(asking.prompt(number.to_string()).await);
        }
        runs
    });
    for run in runs.await.unwrap() {
        run.outcome().await;
    }
    let mut taken_up = Vec::new();
    while let Some(event) = events.try_next() {
        if let AgentEvent::UserMessage { content, .. } = event {
            taken_up.extend(content.iter().filter_map(Content::as_text).map(str::to_owned));
        }
    }
    assert_eq!(taken_up, (0..30).map(|number| number.to_string()).collect::<Vec<_>>());
    wharf.close().await;
}
