use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use tokio::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use wharf_ports::event::{AgentEvent, EventSink};

use super::*;
use crate::journal::Journal;
use crate::limits::LogLimits;
use crate::patience::Patience;

#[test]
fn a_panel_is_drawn_row_by_row_and_harms_nobody() {
    let by = ExtensionId::new("x").unwrap();
    let panel = Panel {
        id: "p".into(),
        lines: vec!["a\nb".into(), "\u{1b}[31mred\u{1b}[0m\u{1b}[2J\u{202e}".into()],
        ..Panel::default()
    };
    let drawn = drawable(&by, panel).unwrap();
    assert_eq!(drawn.title, "x");
    assert_eq!(drawn.lines, ["a\\u{a}b", "\u{1b}[31mred\u{1b}[0m\\u{1b}[2J\\u{202e}"]);
    for panel in [
        Panel::default(),
        Panel { id: "p".into(), lines: vec![String::new(); 1001], ..Panel::default() },
        Panel { id: "p".into(), lines: vec!["x".repeat(TEXT + 1)], ..Panel::default() },
    ] {
        assert!(drawable(&by, panel).is_err());
    }
}

#[test]
fn an_answer_must_fit_its_dialog() {
    let select = dialog(Request::Select { title: "?\u{7}".into(), choices: vec!["a".into()] }).unwrap();
    assert_eq!(select, Request::Select { title: "?\\u{7}".into(), choices: vec!["a".into()] });
    assert!(fits(&select, &Reply::Choice { index: 0 }));
    assert!(!fits(&select, &Reply::Choice { index: 1 }));
    assert!(!fits(&select, &Reply::Text { text: "a".into() }));
    assert!(dialog(Request::Select { title: "?".into(), choices: Vec::new() }).is_err());
}

struct Nobody;

#[async_trait]
impl EventSink for Nobody {
    async fn emit(&self, _: AgentEvent) {}
    fn emit_now(&self, _: AgentEvent) {}
}

/// A screen before which nobody sits.
#[derive(Default)]
struct Deserted {
    closed: Arc<AtomicBool>,
}

struct Closing(Arc<AtomicBool>);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[async_trait]
impl UserInterface for Deserted {
    fn is_present(&self) -> bool {
        true
    }
    fn insert(&self, _: &ExtensionId, _: String) -> Result<(), RequestError> {
        Ok(())
    }
    fn status(&self, _: &ExtensionId, _: String) -> Result<(), RequestError> {
        Ok(())
    }
    fn open_panel(&self, _: &ExtensionId, _: Panel) -> Result<(), RequestError> {
        Ok(())
    }
    fn render_panel(&self, _: &ExtensionId, _: Panel) -> bool {
        false
    }
    fn close_panel(&self, _: &ExtensionId, _: &str) -> bool {
        false
    }
    async fn ask(&self, _: &ExtensionId, _: Request) -> Result<Reply, RequestError> {
        let _closing = Closing(self.closed.clone());
        std::future::pending().await
    }
    fn clear(&self, _: &ExtensionId) {}
    fn gone(&self, _: &ExtensionId) {}
}

fn deserted() -> (Requests, Arc<AtomicBool>, tempfile::TempDir) {
    let home = tempfile::tempdir().unwrap();
    let journal = Arc::new(Journal::new(home.path().join("logs"), LogLimits::STANDARD));
    let reporter = Reporter::new(Arc::new(Nobody), journal);
    let ui = Deserted::default();
    let closed = ui.closed.clone();
    let requests = Requests { ui: Arc::new(ui), ..Requests::without_screen(home.path(), reporter) };
    (requests, closed, home)
}

fn ask(requests: &Requests, asking: Option<Asking>) -> BoxFuture<'static, Answer> {
    let dialog = Request::Confirm { title: "?".into(), text: String::new() };
    let rations = Rations::new(&LogLimits::STANDARD);
    let means = Means { rations: &rations, footing: &Footing::firm() };
    requests.take(&ExtensionId::new("x").unwrap(), &means, asking, dialog)
}

#[tokio::test(start_paused = true)]
async fn a_dialog_that_nobody_answers_is_closed_and_the_deadline_stood_still() {
    let (requests, closed, _home) = deserted();
    let (patience, began) = (Patience::default(), Instant::now());
    let asking =
        Asking { patience: Some(patience.clone()), cancel: CancellationToken::new(), cause: Cause::human() };
    assert_eq!(ask(&requests, Some(asking)).await, Err(RequestError::Closed));
    assert_eq!(began.elapsed(), DIALOG);
    assert!(closed.load(Ordering::SeqCst), "it is still on the screen");
    let deadline = patience.deadline(began + Duration::from_secs(1));
    assert_eq!(deadline, Some(began + Duration::from_secs(1) + DIALOG));
}

#[tokio::test(start_paused = true)]
async fn a_dialog_ends_with_its_call_and_with_whoever_waits_for_it() {
    let (requests, closed, _home) = deserted();
    let cancel = CancellationToken::new();
    let asking =
        Asking { patience: Some(Patience::default()), cancel: cancel.clone(), cause: Cause::human() };
    let asked = tokio::spawn(ask(&requests, Some(asking.clone())));
    tokio::task::yield_now().await;
    cancel.cancel();
    assert_eq!(asked.await.unwrap(), Err(RequestError::Closed));

    let (again, waited) = (Asking { cancel: CancellationToken::new(), ..asking }, ask);
    closed.store(false, Ordering::SeqCst);
    let asked = tokio::spawn(waited(&requests, Some(again.clone())));
    tokio::time::sleep(Duration::from_millis(1)).await;
    asked.abort();
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert!(closed.load(Ordering::SeqCst), "nobody waits, and it is still on the screen");
    assert!(again.patience.unwrap().deadline(Instant::now()).is_some(), "the deadline goes on");
}

#[tokio::test]
async fn a_dialog_belongs_to_a_call_that_has_time_for_it() {
    let (requests, ..) = deserted();
    let hook = Asking { patience: None, cancel: CancellationToken::new(), cause: Cause::human() };
    assert_eq!(ask(&requests, None).await, Err(RequestError::NotNow));
    assert_eq!(ask(&requests, Some(hook)).await, Err(RequestError::NotNow));
}
