//! The end of an extension: because the agent ends, because another version takes its place, or because it is gone.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::{Supervisor, Up};
use crate::error::Fault;
use crate::fleet::Shared;
use crate::inbound::LogSource;
use crate::limits::{DIALOG, Deadlines, GRACE};

/// An end takes no longer than this; the backends keep shorter limits of their own.
pub(crate) const STOP: Duration = Duration::from_secs(8);

/// A version that has lost its place. Its instance still answers the calls that are in it.
pub(crate) struct Departure {
    supervisor: Arc<Supervisor>,
    up: Option<Arc<Up>>,
    deadlines: Deadlines,
}

impl Supervisor {
    /// Gives its place to another version, or to nobody. Who asks for it from now on is sent there, and so are the
    /// events that waited. `deadlines` are those of the calls that are in it.
    pub(crate) fn give_way(self: &Arc<Self>, heir: Option<&Arc<Self>>, deadlines: Deadlines) -> Departure {
        if let Some(heir) = heir {
            // It gives way once.
            _ = self.heir.set(heir.clone());
        }
        self.ending.cancel();
        let (events, up) = {
            let mut life = self.life();
            let why = if heir.is_some() { "another version took its place" } else { "it was removed" };
            // Whoever has reserved a place may still come in, until it is ended; so that is there before the other is not.
            self.leaving.store(self.up.load_full());
            let up = self.up.swap(None);
            (life.give_up(Fault::NotRunning { why: why.to_owned() }), up)
        };
        if let Some(heir) = heir {
            let waiting = !events.is_empty();
            heir.life().inherit(events);
            if waiting {
                heir.wake();
            }
        }
        self.changed.send_replace(());
        // From here on it draws nothing more that would stay.
        self.retire();
        if let Some(fleet) = self.fleet.upgrade() {
            fleet.requests.ui.clear(self.id());
        }
        Departure { supervisor: self.clone(), up, deadlines }
    }

    /// Ends it for good.
    pub(crate) async fn stop(&self) {
        self.ending.cancel();
        let up = {
            let mut life = self.life();
            life.end(stopped());
            self.up.swap(None)
        };
        self.changed.send_replace(());
        if let Some(up) = up {
            up.instance.stop().await;
        }
        if let Some(fleet) = self.fleet.upgrade() {
            self.tell_dropped(&fleet);
        }
    }

    /// At an end: what was dropped since something last went into the log, which nothing that came after has told.
    pub(super) fn tell_dropped(&self, fleet: &Shared) {
        let (messages, notices) = self.rations.take_dropped();
        if messages + notices > 0 {
            let line =
                format!("{messages} messages and {notices} notices before its end were dropped: too many");
            fleet.reporter.log(self.id(), LogSource::Host, &line);
        }
    }

    pub(super) fn end(&self, fleet: &Shared, fault: Fault) {
        self.life().end(fault);
        self.tell_change(fleet);
    }
}

impl Departure {
    /// Lets the calls that are in it come to their end, then ends it. Bounded by the calls' own deadlines; when the
    /// agent ends, at once.
    pub(crate) async fn finish(self, fleet: Arc<Shared>) {
        let Self { supervisor, up: Some(up), deadlines } = self else { return };
        tokio::select! {
            biased;
            () = fleet.closing.cancelled() => {}
            () = last_call(&supervisor, &up, &deadlines) => {}
        }
        // The backend keeps a shorter limit; what does not is killed when it is dropped.
        _ = timeout(STOP, up.instance.stop()).await;
        supervisor.leaving.store(None);
        supervisor.tell_dropped(&fleet);
    }
}

async fn last_call(supervisor: &Supervisor, up: &Up, deadlines: &Deadlines) {
    // Whoever is in it gives up within this time, also when the user is asked something meanwhile.
    let longest = deadlines.tool.max(deadlines.command) + DIALOG + GRACE * 2;
    let empty = async {
        // Those first: they still go in.
        supervisor.reserved.close().await;
        up.visitors.close().await;
    };
    if timeout(longest, empty).await.is_err() {
        // Who still hesitates finds it closed.
        _ = timeout(Duration::ZERO, up.visitors.close()).await;
    }
    let deadline = Instant::now() + deadlines.event;
    _ = timeout(deadlines.event + GRACE, up.instance.quiesce(deadline)).await;
}

pub(super) fn stopped() -> Fault {
    Fault::NotRunning { why: "it was stopped".to_owned() }
}
