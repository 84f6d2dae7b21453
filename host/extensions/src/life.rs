//! Where an extension is in its life, and what may follow. No step here waits, calls or tells anybody.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use wharf_protocol::event::Event;
use wharf_protocol::registration::Occasion;

use crate::backend::ExtCall;
use crate::breaker::{Breaker, Next};
use crate::error::{ExtError, Fault, seconds};
use crate::launcher::Why;
use crate::limits::RestartLimits;

/// Events that wait for an extension which is not up.
const EVENTS: usize = 256;

/// The stages of a life.
#[derive(Debug, Clone)]
pub(crate) enum Phase {
    /// Not started: nobody has needed it yet.
    Asleep,
    /// On its way.
    Starting,
    /// Running.
    Up,
    /// Lost; it is started again soon.
    Resting(Fault),
    /// Not started again.
    Out(Fault),
}

/// The life of one extension.
pub(crate) struct Life {
    phase: Phase,
    /// Counts the starts.
    generation: u64,
    /// When the last one began.
    begun: Option<Instant>,
    /// Whether it has ever been up: a first start that fails is not tried again.
    proven: bool,
    breaker: Breaker,
    /// What came while it was not up, in order.
    events: VecDeque<(Arc<Event>, ExtCall)>,
    dropped_events: u64,
    /// It was lost before its start was over.
    stillborn: Option<ExtError>,
    /// How it was lost the last time.
    loss: Option<String>,
    /// Another version has its place, or nobody.
    given_up: bool,
}

/// What is to be done when a start has succeeded.
pub(crate) enum Arrival {
    /// Hand over these events, which came earlier, and ask again.
    After(VecDeque<(Arc<Event>, ExtCall)>),
    /// It is up; or it was, and is lost already.
    Up(Option<ExtError>),
    /// Give it up: it was stopped meanwhile.
    Unwanted,
}

/// What became of an event.
pub(crate) enum Kept {
    /// It waits, or was dropped and counted.
    Waiting,
    /// The extension is up: hand it over.
    Up,
    /// Nobody will want it.
    Out,
}

impl Life {
    pub(crate) fn new(phase: Phase, limits: RestartLimits) -> Self {
        Self {
            phase,
            generation: 0,
            begun: None,
            proven: false,
            breaker: Breaker::new(limits),
            events: VecDeque::new(),
            dropped_events: 0,
            stillborn: None,
            loss: None,
            given_up: false,
        }
    }

    pub(crate) fn phase(&self) -> &Phase {
        &self.phase
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    pub(crate) fn starting_since(&self) -> Option<Instant> {
        self.begun.filter(|_| matches!(self.phase, Phase::Starting))
    }

    pub(crate) fn is_proven(&self) -> bool {
        self.proven
    }

    /// Begins a start if it is in such a phase, and gives the start's generation.
    pub(crate) fn begin(&mut self, from: impl FnOnce(&Phase) -> bool) -> Option<u64> {
        if !from(&self.phase) {
            return None;
        }
        self.phase = Phase::Starting;
        self.generation += 1;
        self.begun = Some(Instant::now());
        self.stillborn = None;
        Some(self.generation)
    }

    /// A start has succeeded.
    pub(crate) fn arrive(&mut self) -> Arrival {
        if !matches!(self.phase, Phase::Starting) {
            return Arrival::Unwanted;
        }
        if !self.events.is_empty() {
            return Arrival::After(std::mem::take(&mut self.events));
        }
        self.phase = Phase::Up;
        self.proven = true;
        Arrival::Up(self.stillborn.take())
    }

    /// The instance of a generation has ended; gives the error back when something must be done now.
    pub(crate) fn lost(&mut self, generation: u64, error: ExtError) -> Option<ExtError> {
        if generation != self.generation {
            return None;
        }
        match self.phase {
            Phase::Up => Some(error),
            Phase::Starting => {
                self.stillborn = Some(error);
                None
            }
            Phase::Asleep | Phase::Resting(_) | Phase::Out(_) => None,
        }
    }

    /// It is not up any more, through this. Says what follows; nothing when it is out already.
    pub(crate) fn crash(&mut self, error: &ExtError) -> Option<Next> {
        if matches!(self.phase, Phase::Out(_)) {
            return None;
        }
        self.loss = Some(format!("{}: {}", error.stage, error.fault));
        let next = if error.fault.is_crash() { self.breaker.crash() } else { Next::Restart(Duration::ZERO) };
        self.phase = match next {
            Next::Restart(_) => Phase::Resting(error.fault.clone()),
            Next::Quarantine(crashes, within) => {
                Phase::Out(Fault::Quarantined { why: too_often(crashes, within, error) })
            }
        };
        Some(next)
    }

    /// Why it is started now.
    pub(crate) fn why(&self) -> Why {
        let loss = self.loss.clone();
        let occasion = if loss.is_some() { Occasion::Recovered } else { Occasion::First };
        Why { occasion, loss }
    }

    /// It is not started any more.
    pub(crate) fn end(&mut self, fault: Fault) {
        self.events.clear();
        if !matches!(self.phase, Phase::Out(_)) {
            self.phase = Phase::Out(fault);
        }
    }

    /// Another version takes its place, or nobody does: it is not started any more. Gives the events that waited.
    pub(crate) fn give_up(&mut self, fault: Fault) -> VecDeque<(Arc<Event>, ExtCall)> {
        self.phase = Phase::Out(fault);
        self.given_up = true;
        std::mem::take(&mut self.events)
    }

    /// Whether it has lost its place.
    pub(crate) fn is_given_up(&self) -> bool {
        self.given_up
    }

    /// Takes over the events that waited for the version before. They came before all others.
    pub(crate) fn inherit(&mut self, mut events: VecDeque<(Arc<Event>, ExtCall)>) {
        if !matches!(self.phase, Phase::Out(_)) {
            events.append(&mut self.events);
            self.events = events;
        }
    }

    /// What it was lost through before its start was over.
    pub(crate) fn stillborn(&self) -> Option<&ExtError> {
        self.stillborn.as_ref()
    }

    /// Keeps an event until it is up, if there is room.
    pub(crate) fn keep(&mut self, event: &Arc<Event>, cx: &ExtCall) -> Kept {
        match self.phase {
            Phase::Out(_) => return Kept::Out,
            Phase::Up => return Kept::Up,
            Phase::Asleep | Phase::Starting | Phase::Resting(_) => {}
        }
        if self.events.len() < EVENTS {
            self.events.push_back((event.clone(), cx.clone()));
        } else {
            self.dropped_events += 1;
        }
        Kept::Waiting
    }

    /// How many events found no room since this was asked last.
    pub(crate) fn take_dropped(&mut self) -> u64 {
        std::mem::take(&mut self.dropped_events)
    }
}

/// Why an extension is put into quarantine.
pub(crate) fn too_often(crashes: u32, within: Duration, last: &ExtError) -> String {
    let (within, ExtError { stage, fault, .. }) = (seconds(within), last);
    format!("it crashed {crashes} times within {within}, the last time at {stage}: {fault}")
}
