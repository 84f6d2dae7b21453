//! A version that may take a place.

use std::sync::Arc;

use wharf_protocol::id::ExtensionId;

use super::is;
use crate::error::{ExtError, Stage};
use crate::extension::Extension;
use crate::fleet::{Fleet, Shared};
use crate::history::Past;
use crate::slot::{Fate, Slot};
use crate::supervisor::Trial;

/// A version that may take a place.
pub(super) struct Candidate {
    pub(super) slot: Slot,
    /// What of its known registration does not count, one line each.
    pub(super) refused: Vec<String>,
    /// Nobody needs it yet, and what it registers is known.
    sleeps: bool,
    pub(super) trial: Option<Result<Trial, ExtError>>,
}

impl Candidate {
    /// Nothing is started yet.
    pub(super) fn new(fleet: &Arc<Shared>, extension: Extension, past: Past, place: Option<Place>) -> Self {
        let (slot, refused) = fleet.fit_out(extension, past);
        let is_known = matches!(slot.fate, Fate::Docked(_));
        let sleeps = is_known && place.is_none_or(|place| place == Place::Asleep);
        Self { slot, refused, sleeps, trial: None }
    }

    /// Starts it, if it is to be started.
    pub(super) async fn try_out(&mut self) {
        if !self.sleeps && !matches!(self.slot.fate, Fate::Quarantined(..)) {
            self.trial = Some(self.slot.supervisor.try_out().await);
        }
    }

    /// Why it cannot take its place.
    pub(super) fn obstacle(&self) -> Option<ExtError> {
        match (&self.slot.fate, &self.trial) {
            (Fate::Quarantined(_, fault), _) => {
                Some(fault.clone().at(&self.slot.extension().id, Stage::Start))
            }
            (_, Some(Err(error))) => Some(error.clone()),
            (_, Some(Ok(_))) => self.slot.supervisor.stillborn(),
            (_, None) => None,
        }
    }
}

/// What is in an extension's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Asleep,
    Taken,
}

pub(super) fn place(fleet: &Fleet, id: &ExtensionId) -> Option<Place> {
    let slot = fleet.slots.iter().find(|slot| is(slot, id))?;
    Some(if slot.is_asleep() { Place::Asleep } else { Place::Taken })
}
