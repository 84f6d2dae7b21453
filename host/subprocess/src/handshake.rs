//! Hello, its answer, and the wait until the extension is ready.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use wharf_child::Process;
use wharf_child::writer::{OutboxLimits, outbox};
use wharf_extensions::backend::{Docking, Launch};
use wharf_extensions::error::{ExtError, Fault, Stage};
use wharf_extensions::extension::Extension;
use wharf_protocol::frame::{Hello, HelloAck, ToExtension};
use wharf_protocol::registration::{Registration, Start};

use crate::enrolment::Declared;
use crate::incoming::Incoming;
use crate::instance::Subprocess;
use crate::peer::Peer;
use crate::serving::{Streams, serve};
use crate::terms::{Terms, Timing};

/// The version of zot that extensions are told, as zot's own local builds say it.
pub const ZOT_VERSION: &str = "0.0.0";

/// Takes a process that has just been started, greets it, and returns when it is ready. `deadline` is that of the
/// whole start.
///
/// # Errors
/// What went wrong, at [`Stage::Start`]; the process has been killed then.
pub async fn dock(
    process: Process,
    extension: &Extension,
    launch: Launch,
    terms: Terms,
    deadline: Instant,
) -> Result<Docking, ExtError> {
    let (outbox, letters) = outbox(OutboxLimits::new(terms.limits.queue_lines, terms.limits.queue.count()));
    let peer = Arc::new(Peer::new(launch.inbound, outbox, terms.limits));
    let (sender, greeting) = oneshot::channel();
    let incoming = Incoming::new(Arc::clone(&peer), Declared::by(&extension.manifest), sender);
    let handle = Arc::new(process.handle);
    let streams = Streams {
        stdin: process.stdin.map(|stdin| (stdin, letters)),
        stdout: process.stdout,
        stderr: process.stderr,
    };
    let serving = tokio::spawn(serve(Arc::clone(&peer), Arc::clone(&handle), streams, incoming, terms));
    let instance = Subprocess::new(Arc::clone(&peer), handle, serving, terms.timing);
    let facts = Facts { start: launch.start, data: launch.data };
    match shake(&peer, extension, &facts, greeting, terms, deadline).await {
        Ok(registration) => {
            let deadlines = if peer.version() >= 2 { terms.version_2 } else { terms.deadlines };
            Ok(Docking { instance: Arc::new(instance), registration, deadlines })
        }
        Err(fault) => {
            instance.kill().await;
            Err(fault.at(&extension.id, Stage::Start))
        }
    }
}

async fn shake(
    peer: &Peer,
    extension: &Extension,
    facts: &Facts,
    greeting: oneshot::Receiver<Result<Hello, Fault>>,
    terms: Terms,
    deadline: Instant,
) -> Result<Registration, Fault> {
    let hello = tokio::select! {
        biased;
        Ok(hello) = greeting => hello?,
        () = peer.dead.cancelled() => return Err(ended("it ended before its hello", peer)),
        () = sleep_until(deadline) => {
            return Err(Fault::TimedOut { limit: terms.deadlines.start, while_busy: None });
        }
    };
    if hello.name != extension.id.as_str() {
        let name = &extension.id;
        peer.log(&format!(
            "it calls itself {:?}; it goes by the name of its manifest, \"{name}\"",
            hello.name
        ));
    }
    let data = match peer.version() >= 2 {
        true => made(&facts.data, peer, deadline).await,
        false => extension.directory.to_string_lossy().into_owned(),
    };
    let ack = peer
        .encode(&ToExtension::HelloAck(ack(extension, facts, data, peer)))
        .map_err(|error| Fault::other("the answer to its hello", error))?;
    // A queue that is closed already means that it has ended, which is told below.
    let _ = peer.outbox.post(ack);
    ready(peer, terms.timing, deadline).await;
    peer.dock().map_err(|_| ended("it ended before it was ready", peer))
}

/// What an extension is told at its start.
struct Facts {
    start: Start,
    /// A directory of its own, which is made for an extension that speaks version 2.
    data: PathBuf,
}

/// Makes its data directory; empty: it goes without one, which is told.
async fn made(data: &Path, peer: &Peer, deadline: Instant) -> String {
    let directory = data.to_owned();
    // The disk may be far away.
    let work = tokio::task::spawn_blocking(move || std::fs::create_dir_all(directory));
    let why = match timeout_at(deadline, work).await {
        Ok(Ok(Ok(()))) => return data.to_string_lossy().into_owned(),
        Ok(Ok(Err(error))) => error.to_string(),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "its disk does not answer".to_owned(),
    };
    peer.log(&format!("its data directory {} cannot be made, it goes without: {why}", data.display()));
    String::new()
}

fn ack(extension: &Extension, facts: &Facts, data_dir: String, peer: &Peer) -> HelloAck {
    let start = &facts.start;
    let mut ack = HelloAck {
        protocol_version: peer.version(),
        zot_version: ZOT_VERSION.to_owned(),
        provider: start.provider.clone(),
        model: start.model.clone(),
        cwd: start.cwd.clone(),
        extension_dir: extension.directory.to_string_lossy().into_owned(),
        data_dir,
        host_version: String::new(),
        occasion: String::new(),
        loss: String::new(),
    };
    if peer.version() >= 2 {
        ack.host_version.clone_from(&start.host_version);
        start.occasion.as_str().clone_into(&mut ack.occasion);
        ack.loss = start.loss.clone().unwrap_or_default();
    }
    ack
}

/// Waits until it says that it is ready, has said nothing for a while, has ended, or took too long: it counts as
/// ready then.
async fn ready(peer: &Peer, timing: Timing, deadline: Instant) {
    let latest = deadline.min(Instant::now() + timing.ready);
    let idle = async {
        let mut seen = None;
        loop {
            let frames = peer.frames.load(Ordering::Relaxed);
            if seen.replace(frames) == Some(frames)
                || timeout(timing.idle, peer.ready.cancelled()).await.is_ok()
            {
                return;
            }
        }
    };
    tokio::select! {
        () = idle => {}
        () = sleep_until(latest) => peer.log("it did not say that it is ready in time; it goes on without"),
    }
}

fn ended(when: &str, peer: &Peer) -> Fault {
    match peer.cause() {
        Some(Fault::Died { how }) => Fault::Died { how: format!("{when}: {how}") },
        Some(fault) => fault,
        None => Fault::Died { how: when.to_owned() },
    }
}
