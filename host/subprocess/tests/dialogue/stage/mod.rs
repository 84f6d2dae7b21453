//! What the tests play on: a host that writes down what it is told, extensions, and contexts of calls.

#[macro_use]
pub mod actor;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use wharf_extensions::backend::{ExtCall, Launch};
use wharf_extensions::error::ExtError;
use wharf_extensions::extension::{Extension, Origin, Program};
use wharf_extensions::inbound::{HostServices, Inbound, LogSource};
use wharf_extensions::limits::Limits;
use wharf_extensions::manifest::Manifest;
use wharf_extensions::permission::Grants;
use wharf_ports::call::Cause;
use wharf_protocol::id::ExtensionId;
use wharf_protocol::json::Json;
use wharf_protocol::notice::Level;
use wharf_protocol::registration::{Registration, Start};
use wharf_protocol::tool::ToolCall;
use wharf_subprocess::{Terms, Timing};

/// Generous: only a hang takes that long.
pub const HANG: Duration = Duration::from_secs(30);

/// Short waits, so that the tests are quick.
pub const QUICK: Timing = Timing {
    ready: Duration::from_secs(3),
    idle: Duration::from_millis(250),
    drain: Duration::from_millis(500),
    polite: Duration::from_millis(200),
    terminate: Duration::from_millis(200),
};

/// Terms with short waits, and so long until the hello.
pub fn terms(hello: Duration, timing: Timing) -> Terms {
    let mut terms = Terms { timing, ..Terms::under(&Limits::STANDARD) };
    terms.deadlines.start = hello;
    terms
}

/// Terms with short waits.
pub fn quick() -> Terms {
    terms(Duration::from_secs(10), QUICK)
}

/// A host that writes down what it is told.
#[derive(Default)]
pub struct Host {
    pub log: Mutex<Vec<(LogSource, String)>>,
    pub notices: Mutex<Vec<(Level, String)>>,
    pub registered: Mutex<Vec<Registration>>,
    pub lost: Mutex<Vec<ExtError>>,
    news: Notify,
}

impl Host {
    pub fn launch(self: &Arc<Self>, extension: &Extension) -> Launch {
        let start = Start {
            host_version: "0.1.0".into(),
            provider: "openai".into(),
            model: "gpt-4o".into(),
            cwd: "/home/u/proj".into(),
            data_dir: None,
            ..Start::default()
        };
        let services: Arc<dyn HostServices> = Arc::clone(self) as _;
        let inbound = Inbound::new(extension.id.clone(), services);
        let data = std::env::temp_dir().join("wharf-test-data");
        Launch { start, grants: Arc::new(Grants::none()), data, inbound }
    }

    /// Waits until the host has been told something.
    pub async fn until<T>(&self, what: &str, mut look: impl FnMut(&Self) -> Option<T>) -> T {
        let seen = async {
            loop {
                let news = self.news.notified();
                if let Some(found) = look(self) {
                    return found;
                }
                news.await;
            }
        };
        match tokio::time::timeout(HANG, seen).await {
            Ok(found) => found,
            Err(_) => panic!("{what} did not come; log: {:#?}", self.log.lock().unwrap()),
        }
    }

    /// Waits for a line of the log that holds a text.
    pub async fn logged(&self, text: &str) -> String {
        let find = |host: &Self| {
            let log = host.log.lock().unwrap();
            log.iter().map(|(_, line)| line).find(|line| line.contains(text)).cloned()
        };
        self.until(&format!("a log line with {text:?}"), find).await
    }

    pub fn log_text(&self) -> String {
        self.log.lock().unwrap().iter().map(|(source, line)| format!("{source:?} {line}\n")).collect()
    }
}

impl HostServices for Host {
    fn compiling(&self, _: &ExtensionId, _: bool) {}

    fn log(&self, _: &ExtensionId, source: LogSource, text: &str) {
        self.log.lock().unwrap().push((source, text.to_owned()));
        self.news.notify_waiters();
    }

    fn notify(&self, _: &ExtensionId, level: Level, message: &str) {
        self.notices.lock().unwrap().push((level, message.to_owned()));
        self.news.notify_waiters();
    }

    fn register(&self, _: &ExtensionId, registration: Registration) -> Vec<String> {
        self.registered.lock().unwrap().push(registration);
        self.news.notify_waiters();
        Vec::new()
    }

    fn lost(&self, error: ExtError) {
        self.lost.lock().unwrap().push(error);
        self.news.notify_waiters();
    }
}

pub fn extension(directory: &Path, exec: &str, args: &[&str]) -> Extension {
    Extension {
        id: ExtensionId::new("probe").unwrap(),
        manifest: Manifest { name: "probe".into(), version: "1.2.3".into(), ..Manifest::default() },
        program: Program::Subprocess {
            exec: exec.into(),
            args: args.iter().map(|arg| (*arg).to_owned()).collect(),
        },
        directory: directory.to_owned(),
        place: directory.to_owned(),
        origin: Origin::User,
    }
}

pub fn within(limit: Duration) -> ExtCall {
    ExtCall {
        deadline: Instant::now() + limit,
        cancel: CancellationToken::new(),
        cause: Cause::human(),
        grants: Arc::new(Grants::none()),
        patience: None,
        progress: None,
    }
}

pub fn call(name: &str, args: &str) -> ToolCall {
    ToolCall { id: "t1".into(), name: name.into(), args: Json::new(args).unwrap() }
}
