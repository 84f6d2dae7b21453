//! Events that could not be delivered at once: they wait in a queue, and those that do not fit are counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use wharf_extensions::backend::ExtCall;
use wharf_extensions::error::Stage;
use wharf_extensions::inbound::LogSource;
use wharf_protocol::event::Event;

use crate::call::{Berth, Entry, Visit};
use crate::convert;

use super::Component;

/// Events that may wait for one instance.
pub(super) const EVENTS: usize = 256;

/// What waits in the queue.
pub(super) enum Queued {
    Event(Arc<Event>, ExtCall),
    /// Tells that everything before it has been delivered.
    Mark(oneshot::Sender<()>),
}

impl Component {
    /// Puts an event into the queue, if there is room.
    pub(super) fn queue(&self, event: Arc<Event>, cx: &ExtCall) -> bool {
        self.queued.fetch_add(1, Ordering::AcqRel);
        let taken = self.events.try_send(Queued::Event(event, cx.clone())).is_ok();
        if !taken {
            self.queued.fetch_sub(1, Ordering::AcqRel);
        }
        taken
    }

    /// Tells how many events were dropped before the next one. Whether that one may follow.
    pub(super) fn tell_dropped(&self, cx: &ExtCall) -> bool {
        let dropped = self.dropped.swap(0, Ordering::AcqRel);
        let told = dropped == 0 || self.queue(Arc::new(Event::Lagged { dropped }), cx);
        if !told {
            self.dropped.fetch_add(dropped, Ordering::AcqRel);
        }
        told
    }
}

/// Delivers what could not be delivered at once, in order, until the extension is dropped.
pub(super) async fn deliver_queued(
    berth: Arc<Berth>,
    limit: Duration,
    mut events: mpsc::Receiver<Queued>,
    queued: Arc<AtomicUsize>,
) {
    while let Some(next) = events.recv().await {
        let (event, mut cx) = match next {
            Queued::Event(event, cx) => (event, cx),
            Queued::Mark(reached) => {
                // Whoever waited may have given up.
                _ = reached.send(());
                continue;
            }
        };
        cx.deadline = Instant::now() + limit;
        let visit = Visit { stage: Stage::Event, cx: &cx };
        if let Err(fault) = berth.call(visit, event_entry(&event, &cx)).await {
            berth
                .inbound
                .log(LogSource::Host, &format!("event {} was not delivered: {fault}", event.topic()));
        }
        queued.fetch_sub(1, Ordering::AcqRel);
    }
}

pub(super) fn event_entry(event: &Event, cx: &ExtCall) -> Entry<()> {
    let (event, context) = (convert::event(event), convert::context(cx));
    Box::new(move |live| {
        Box::pin(async move {
            match &live.exports.events {
                Some(events) => events.call_on_event(&mut live.store, &event, context).await,
                None => Ok(()),
            }
        })
    })
}
