//! Signals that end the program.

use std::time::Duration;

use futures_util::future::{Fuse, FutureExt as _};
use tokio::sync::oneshot;

/// How long an end that was asked for may take, before the program ends without it.
const ORDERLY: Duration = Duration::from_secs(12);
/// The same after SIGTERM or SIGHUP.
const HURRIED: Duration = Duration::from_secs(1);

/// Watches for signals from now on, on a thread of its own: neither a reader of standard output that has stalled nor a
/// busy runtime can keep the program alive. A second signal, or too much time, ends it at once.
pub(crate) fn watch() -> Signals {
    let (sender, receiver) = oneshot::channel();
    let watching = std::thread::Builder::new().name("wharf-signals".into()).spawn(move || {
        match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime.block_on(serve(sender)),
            Err(error) => say!("wharf: signals cannot be watched, they end the program at once: {error}"),
        }
    });
    if let Err(error) = watching {
        say!("wharf: signals cannot be watched, they end the program at once: {error}");
    }
    Signals(receiver.fuse())
}

/// The signal that comes, if one comes.
pub(crate) struct Signals(Fuse<oneshot::Receiver<Signal>>);

impl Signals {
    /// Waits for it; for ever, if there is nobody to tell of it any more.
    pub(crate) async fn next(&mut self) -> Signal {
        if let Ok(signal) = (&mut self.0).await {
            return signal;
        }
        std::future::pending().await
    }
}

async fn serve(sender: oneshot::Sender<Signal>) {
    let signal = first().await;
    // Whoever waited for it may have ended meanwhile.
    _ = sender.send(signal);
    let patience = if signal == Signal::Interrupt { ORDERLY } else { HURRIED };
    tokio::select! {
        () = tokio::time::sleep(patience) => {}
        _ = first() => {}
    }
    wharf_runtime::kill_all();
    std::process::exit(i32::from(signal.exit_code()));
}

/// A signal that asks the program to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Ctrl+C.
    Interrupt,
    /// A request to end now.
    Terminate,
    /// The terminal is gone.
    HangUp,
}

impl Signal {
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Self::Interrupt => 130,
            Self::Terminate => 143,
            Self::HangUp => 129,
        }
    }

    /// What to say of it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Interrupt => "interrupted",
            Self::Terminate => "ended by SIGTERM",
            Self::HangUp => "ended by SIGHUP",
        }
    }
}

/// Waits for the first of them.
#[cfg(unix)]
async fn first() -> Signal {
    use tokio::signal::unix::{SignalKind, signal};
    let (interrupt, terminate, hang_up) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()), signal(SignalKind::hangup()));
    match (interrupt, terminate, hang_up) {
        (Ok(mut interrupt), Ok(mut terminate), Ok(mut hang_up)) => tokio::select! {
            _ = interrupt.recv() => Signal::Interrupt,
            _ = terminate.recv() => Signal::Terminate,
            _ = hang_up.recv() => Signal::HangUp,
        },
        // Without handlers the signals end the program by themselves.
        _ => std::future::pending().await,
    }
}

/// Waits for Ctrl+C.
#[cfg(not(unix))]
async fn first() -> Signal {
    match tokio::signal::ctrl_c().await {
        Ok(()) => Signal::Interrupt,
        Err(_) => std::future::pending().await,
    }
}
