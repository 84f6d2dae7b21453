//! An extension that is played by the test, line by line.

use std::path::Path;
use std::sync::Arc;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, Lines};
use tokio::time::Instant;
use wharf_child::twin::{Inside, twin};
use wharf_child::{Exit, Process};
use wharf_extensions::backend::{Docking, Instance};
use wharf_extensions::error::ExtError;
use wharf_extensions::extension::Extension;
use wharf_subprocess::{Terms, handshake};

use super::{HANG, Host, extension, quick};

pub const HELLO: &str = r#"{"type":"hello","name":"probe"}"#;

/// Plays the extension.
pub struct Actor {
    pub stdin: Lines<BufReader<DuplexStream>>,
    pub inside: Option<Inside>,
    pub stdout: DuplexStream,
}

impl Actor {
    pub fn enter() -> (Process, Self) {
        let (process, mut inside) = twin(1 << 16);
        let (other, _) = tokio::io::duplex(1);
        let (another, _) = tokio::io::duplex(1);
        let stdin = std::mem::replace(&mut inside.stdin, other);
        let stdout = std::mem::replace(&mut inside.stdout, another);
        (process, Self { stdin: BufReader::new(stdin).lines(), inside: Some(inside), stdout })
    }

    pub async fn say(&mut self, line: &str) {
        self.stdout.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }

    /// The next line from the host; nothing at its end.
    pub async fn hear(&mut self) -> Option<String> {
        tokio::time::timeout(HANG, self.stdin.next_line()).await.expect("the host says nothing").unwrap()
    }

    pub async fn expect(&mut self, line: &str) {
        assert_eq!(self.hear().await.as_deref(), Some(line));
    }

    /// Hears a question of a kind and gives its id.
    pub async fn asked(&mut self, kind: &str) -> String {
        let line = self.hear().await.unwrap();
        let rest =
            line.strip_prefix(&format!(r#"{{"type":"{kind}","id":""#)).unwrap_or_else(|| panic!("{line}"));
        rest.split('"').next().unwrap().to_owned()
    }

    pub fn exit(mut self, exit: Exit) {
        self.inside.take().unwrap().exit(exit);
    }
}

pub fn probe() -> Extension {
    extension(Path::new("/home/u/.zot/extensions/probe"), "probe", &[])
}

pub async fn start_with(
    extension: &Extension,
    terms: Terms,
    lines: &[&str],
) -> (Result<Docking, ExtError>, Actor, Arc<Host>) {
    let (process, mut actor) = Actor::enter();
    let host = Arc::new(Host::default());
    let deadline = Instant::now() + terms.deadlines.start;
    let docking = handshake::dock(process, extension, host.launch(extension), terms, deadline);
    let acting = async {
        for line in lines {
            actor.say(line).await;
        }
    };
    let (docking, ()) = tokio::join!(docking, acting);
    (docking, actor, host)
}

pub async fn start(lines: &[&str]) -> (Docking, Actor, Arc<Host>) {
    let (docking, mut actor, host) = start_with(&probe(), quick(), lines).await;
    let docking = docking.unwrap();
    assert_eq!(actor.asked_ack().await, 1);
    (docking, actor, host)
}

impl Actor {
    pub async fn asked_ack(&mut self) -> usize {
        self.hear().await.unwrap().matches("hello_ack").count()
    }
}

pub async fn ready() -> (Arc<dyn Instance>, Actor, Arc<Host>) {
    let (docking, actor, host) = start(&[HELLO, r#"{"type":"ready"}"#]).await;
    (docking.instance, actor, host)
}

/// Has a call made while the extension answers.
macro_rules! during {
    ($call:expr, $answer:expr) => {{
        let (result, ()) = tokio::join!($call, async { $answer });
        result
    }};
}
