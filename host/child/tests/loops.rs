//! The three loops and the calls that wait, on pipes in memory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};
use tokio_util::sync::CancellationToken;
use wharf_child::pace::{Pace, Pacer, Worth};
use wharf_child::pending::{Ids, Pending, Refused};
use wharf_child::reader::{ReadEnd, read_lines};
use wharf_child::stderr::read_stderr;
use wharf_child::writer::{OutboxError, OutboxLimits, WriteEnd, outbox, write_lines};
use wharf_child::{Exit, twin};
use wharf_protocol::error::LineError;

/// No test of a loop waits for it.
fn pacer() -> Pacer {
    Pacer::new(Pace { lines: u32::MAX, bytes: u32::MAX }, &CancellationToken::new())
}
const LIMITS: OutboxLimits = OutboxLimits { lines: 4, bytes: 100, reserved_lines: 2, reserved_bytes: 50 };

async fn read(bytes: &[u8], limit: usize) -> (Vec<String>, ReadEnd) {
    let (mut inside, outside) = duplex(7);
    let bytes = bytes.to_vec();
    let writing = tokio::spawn(async move {
        // Fails when the reader gave up.
        let _ = inside.write_all(&bytes).await;
    });
    let mut lines = Vec::new();
    let each = |line: &[u8]| {
        lines.push(String::from_utf8_lossy(line).into_owned());
        Worth::Unasked
    };
    let end = read_lines(outside, limit, pacer(), each).await;
    writing.await.unwrap();
    (lines, end)
}

#[tokio::test]
async fn the_reader_gives_lines_and_tells_how_it_ended() {
    let (lines, end) = read(b"one\r\n\ntwo\n", 100).await;
    assert_eq!(lines, ["one", "", "two"]);
    assert!(matches!(end, ReadEnd::Closed), "{end:?}");

    let (lines, end) = read(b"one\nhalf a li", 100).await;
    assert_eq!(lines, ["one"]);
    assert!(matches!(end, ReadEnd::Line(LineError::Torn { bytes: 9 })), "{end:?}");

    let (lines, end) = read(b"one\n0123456789\ntwo\n", 10).await;
    assert_eq!(lines, ["one"]);
    assert!(matches!(end, ReadEnd::Line(LineError::TooLong { limit: 10 })), "{end:?}");
}

#[tokio::test]
async fn the_writer_writes_all_in_order_and_closes() {
    let (outbox, letters) = outbox(LIMITS);
    let _ticket = outbox.send(b"call\n".to_vec()).unwrap();
    outbox.post(b"event\n".to_vec()).unwrap();
    drop(outbox.send(b"withdrawn\n".to_vec()).unwrap());
    outbox.close(Some(b"last\n".to_vec()));
    assert_eq!(outbox.post(b"late\n".to_vec()), Err(OutboxError::Closed));
    let (mut inside, outside) = duplex(3);
    let (mut text, end) = (String::new(), write_lines(outside, letters));
    let (end, read) = tokio::join!(end, inside.read_to_string(&mut text));
    read.unwrap();
    assert_eq!(text, "call\nevent\nlast\n");
    assert!(matches!(end, WriteEnd::Drained), "{end:?}");
}

#[tokio::test]
async fn a_full_queue_refuses_events_before_calls() {
    let (outbox, _letters) = outbox(LIMITS);
    assert_eq!(outbox.post(vec![b'x'; 51]), Err(OutboxError::Full { lines: 0 }));
    outbox.post(b"1".to_vec()).unwrap();
    outbox.post(b"2".to_vec()).unwrap();
    assert_eq!(outbox.post(b"3".to_vec()), Err(OutboxError::Full { lines: 2 }));
    let _third = outbox.send(vec![b'x'; 90]).unwrap();
    assert_eq!(outbox.send(vec![b'x'; 9]).unwrap_err(), OutboxError::Full { lines: 3 });
    let _fourth = outbox.send(vec![b'x'; 8]).unwrap();
    assert_eq!(outbox.send(Vec::new()).unwrap_err(), OutboxError::Full { lines: 4 });
}

#[tokio::test]
async fn room_comes_back_when_lines_are_written() {
    let (outbox, letters) = outbox(LIMITS);
    let (mut inside, outside) = duplex(10);
    let writing = tokio::spawn(write_lines(outside, letters));
    let mut buffer = [0; 90];
    for _ in 0..50 {
        // A line counts until a moment after its last byte was read.
        let _ticket = loop {
            match outbox.send(vec![b'x'; 90]) {
                Ok(ticket) => break ticket,
                Err(_) => tokio::task::yield_now().await,
            }
        };
        inside.read_exact(&mut buffer).await.unwrap();
    }
    outbox.close(None);
    inside.read_to_end(&mut Vec::new()).await.unwrap();
    writing.await.unwrap();
}

#[tokio::test]
async fn after_a_failed_write_nothing_is_taken() {
    let (outbox, letters) = outbox(LIMITS);
    let (inside, outside) = duplex(10);
    drop(inside);
    let _ticket = outbox.send(b"one\n".to_vec()).unwrap();
    let end = write_lines(outside, letters).await;
    assert!(matches!(end, WriteEnd::Failed(_)), "{end:?}");
    assert_eq!(outbox.send(b"two\n".to_vec()).unwrap_err(), OutboxError::Closed);
}

#[tokio::test]
async fn standard_error_is_cut_into_bounded_lines() {
    let (mut inside, outside) = duplex(5);
    let writing = async {
        inside.write_all(b"short\r\n\nlonger than ten\nb\xffd\nno newline").await.unwrap();
        drop(inside);
    };
    let mut lines = Vec::new();
    tokio::join!(writing, read_stderr(outside, 10, pacer(), |line| lines.push(line.to_owned())));
    assert_eq!(lines, ["short", "", "longer tha … (5 more bytes)", "b\u{fffd}d", "no newline"]);
}

#[test]
fn ids_are_twelve_digits_and_no_two_alike() {
    let ids = Ids::default();
    let made: std::collections::HashSet<String> = (0..1000).map(|_| ids.next()).collect();
    assert_eq!(made.len(), 1000);
    assert!(made.iter().all(|id| id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit())), "{made:?}");
}

#[tokio::test]
async fn an_answer_finds_its_call_and_no_other() {
    let pending = Pending::<&str, &str>::new(10);
    let first = pending.register("1".into()).unwrap();
    let second = pending.register("2".into()).unwrap();
    assert_eq!(pending.resolve("2", "b"), Ok(()));
    assert_eq!(pending.resolve("2", "again"), Err("again"));
    assert_eq!(pending.resolve("3", "unknown"), Err("unknown"));
    assert_eq!(pending.resolve("1", "a"), Ok(()));
    assert_eq!((first.answer().await, second.answer().await), (Ok("a"), Ok("b")));
}

#[tokio::test]
async fn who_gives_up_is_forgotten() {
    let pending = Pending::<&str, &str>::new(1);
    let waiting = pending.register("1".into()).unwrap();
    assert_eq!(pending.register("2".into()).unwrap_err(), Refused::Full { waiting: 1 });
    let timed_out = tokio::time::timeout(Duration::from_millis(1), waiting.answer()).await;
    assert!(timed_out.is_err());
    assert!(pending.is_empty());
    assert_eq!(pending.resolve("1", "late"), Err("late"));
    assert_eq!(pending.register("3".into()).unwrap().id(), "3");
}

#[tokio::test]
async fn all_fail_at_once_with_the_first_cause() {
    let pending = Pending::<&str, &str>::new(10);
    let first = pending.register("1".into()).unwrap();
    let second = pending.register("2".into()).unwrap();
    pending.fail_all(&"it died");
    pending.fail_all(&"it was stopped");
    assert_eq!((first.answer().await, second.answer().await), (Err("it died"), Err("it died")));
    assert_eq!(pending.register("3".into()).unwrap_err(), Refused::Closed("it died"));
}

#[tokio::test]
async fn a_twin_behaves_as_a_process() {
    let (mut process, mut inside) = twin::twin(64);
    process.stdin.take().unwrap().write_all(b"hello").await.unwrap();
    let mut text = String::new();
    inside.stdin.read_to_string(&mut text).await.unwrap();
    assert_eq!(text, "hello");
    inside.stdout.write_all(b"bye").await.unwrap();
    assert_eq!(process.handle.exited(), None);
    inside.exit(Exit::Code(3));
    text.clear();
    process.stdout.read_to_string(&mut text).await.unwrap();
    assert_eq!((text.as_str(), process.handle.wait().await), ("bye", Exit::Code(3)));

    let (process, inside) = twin::twin(64);
    process.handle.terminate();
    inside.terminated.cancelled().await;
    assert_eq!(process.handle.end().await, Exit::Signal(9));
}
