//! The end of an agent.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "test code")]

use std::time::Duration;

use tokio::time::timeout;
use wharf_runtime::ports::event::AgentEvent;
use wharf_runtime::{ApprovalMode, Places, Status, Wharf};

async fn wharf(home: &tempfile::TempDir) -> Wharf {
    let builder = Wharf::builder().places(Places::under(home.path())).cwd(home.path());
    builder.approval(ApprovalMode::Auto).build().await.unwrap()
}

#[tokio::test]
async fn closing_ends_the_prompt_in_progress_and_its_command() {
    let home = tempfile::tempdir().unwrap();
    let wharf = wharf(&home).await;
    let mut events = wharf.events();
    let run = wharf.prompt(r#"call bash {"command":"echo begun; sleep 600"}"#).await;
    let begun = async {
        while let Some(event) = events.next().await {
            if matches!(&event, AgentEvent::ToolProgress { text, .. } if text.contains("begun")) {
                return;
            }
        }
        panic!("the command never began");
    };
    timeout(Duration::from_secs(30), begun).await.unwrap();
    timeout(Duration::from_secs(20), wharf.close()).await.expect("close did not end");
    let outcome =
        timeout(Duration::from_secs(5), run.outcome()).await.expect("the prompt went on after the end");
    assert_eq!(outcome.status, Status::Cancelled);
}

#[tokio::test]
async fn a_prompt_after_the_end_or_behind_a_cancelled_one_ends_at_once() {
    let home = tempfile::tempdir().unwrap();
    let wharf = wharf(&home).await;
    let first = wharf.prompt(r#"call bash {"command":"sleep 600"}"#).await;
    let second = wharf.prompt("hi").await;
    wharf.cancel();
    for run in [first, second] {
        let outcome = timeout(Duration::from_secs(20), run.outcome()).await.unwrap();
        assert_eq!(outcome.status, Status::Cancelled);
    }
    let third = wharf.prompt("hi").await.outcome().await;
    assert_eq!(third.status, Status::Ok, "a cancel counts for what was taken up before it");
    wharf.close().await;
    let late = timeout(Duration::from_secs(5), wharf.prompt("hi").await.outcome()).await.unwrap();
    assert_eq!(late.status, Status::Cancelled);
}
