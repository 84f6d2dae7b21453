//! The conversation that docs/protocol.md shows, held: the extension's lines are said to the host as they stand there, and
//! what the host says is compared with its lines.

use std::fs;

use wharf_conformance::scenarios;
use wharf_protocol::frame::ToExtension;
use wharf_runtime::ports::event::AgentEvent;
use wharf_test_support::{BackendKind, Home, guests, without_python};

scenarios! {
    the_page_shows_what_is_said in subprocess => SubprocessConversation;
}

fn page() -> String {
    fs::read_to_string(guests::workspace().join("docs/protocol.md")).unwrap()
}

/// The lines of the page's conversation.
fn conversation() -> String {
    let page = page();
    let (_, section) = page.split_once("## A conversation\n").expect("the section");
    let (_, fence) = section.split_once("```text\n").expect("the fence");
    fence.split_once("```").expect("its end").0.to_owned()
}

async fn the_page_shows_what_is_said(_: BackendKind) {
    if without_python() {
        return;
    }
    let conversation = conversation();
    let home = Home::new();
    let player = fs::read_to_string(crate::fixture("player").join("player.py")).unwrap();
    let files = [("player.py", player.as_str()), ("conversation.txt", &conversation)];
    let directory = home.install_script("hello", &["python3", "player.py"], &files);
    let mut session = home.session().start().await;
    let transcript = session.run(r#"call greet {"name":"ada"}"#).await;
    assert_eq!(transcript.outcome.text, "Hello, Ada!", "{transcript:#?}");
    let greeting =
        |event: &AgentEvent| matches!(event, AgentEvent::ToolProgress { text, .. } if text == "greeting");
    assert!(transcript.events.iter().any(greeting), "{:#?}", transcript.events);
    assert_eq!(session.run("/greeted").await.outcome.text, "Ada");
    session.close().await;
    assert!(!home.log("hello").contains("skipped"), "{}", home.log("hello"));

    let heard = fs::read_to_string(directory.join("heard.txt")).unwrap();
    let meant: Vec<&str> = conversation.lines().filter_map(|line| line.strip_prefix("> ")).collect();
    for (heard, meant) in heard.lines().zip(&meant) {
        assert!(fits(heard, meant), "the host said\n{heard}\nand the page has\n{meant}");
    }
    assert_eq!(heard.lines().count(), meant.len(), "{heard}");
}

/// Whether a line is one of the page's, in which `…` and the digits of an id stand for anything.
fn fits(heard: &str, meant: &str) -> bool {
    let mut rest = heard.to_owned();
    let meant = match (meant.find("\"id\":\"0"), rest.find("\"id\":\"0")) {
        (Some(at), Some(found)) if at == found => {
            rest.replace_range(at + 6..at + 18, &meant[at + 6..at + 18]);
            meant
        }
        _ => meant,
    };
    let mut pieces = meant.split('…');
    let Some(mut rest) = pieces.next().and_then(|first| rest.strip_prefix(first)) else { return false };
    for piece in pieces {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.is_empty() || meant.ends_with('…')
}

/// Replies that stand alone on the page are frames.
#[test]
fn replies_on_the_page_are_frames() {
    let page = page();
    let frames: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("    > ")).collect();
    assert!(!frames.is_empty(), "the page shows none");
    for frame in frames {
        let read = ToExtension::decode(frame.as_bytes()).unwrap_or_else(|error| panic!("{frame}: {error}"));
        assert_eq!(serde_json::to_string(&read).unwrap(), frame);
    }
}
