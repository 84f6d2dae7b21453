//! Signals that end the program.

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
pub(crate) async fn first() -> Signal {
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
pub(crate) async fn first() -> Signal {
    match tokio::signal::ctrl_c().await {
        Ok(()) => Signal::Interrupt,
        Err(_) => std::future::pending().await,
    }
}
