//! Whether an instance has its extension's screen. The screen belongs to an instance, not to a name: two versions of one
//! extension run side by side during a reload, and an instance that has died may have left words behind.

use std::sync::{Mutex, MutexGuard, PoisonError};

use wharf_protocol::request::RequestError;

use crate::requests::Drawing;

/// What an instance on trial may draw and submit; it waits.
const HELD: usize = 64;

/// How one instance stands to the screen.
pub(crate) struct Footing(Mutex<State>);

enum State {
    /// It is on trial beside the version that it is to replace. What it draws waits.
    Trial(Vec<Drawing>),
    /// It has the screen.
    Firm,
    /// It has lost it, to another instance or to nobody.
    Gone,
}

impl Footing {
    /// Of the only instance.
    pub(crate) fn firm() -> Self {
        Self(Mutex::new(State::Firm))
    }

    /// Of an instance on trial.
    pub(crate) fn on_trial() -> Self {
        Self(Mutex::new(State::Trial(Vec::new())))
    }

    pub(crate) fn is_on_trial(&self) -> bool {
        matches!(*self.lock(), State::Trial(_))
    }

    /// Draws with `draw`, or keeps what is to be drawn. `draw` must not wait: what it does is in order with the end of
    /// this footing.
    pub(crate) fn take(
        &self,
        drawing: Drawing,
        has_screen: bool,
        draw: impl FnOnce(Drawing) -> Result<(), RequestError>,
    ) -> Result<(), RequestError> {
        let mut state = self.lock();
        match &mut *state {
            State::Trial(_) if drawing.needs_screen() && !has_screen => Err(RequestError::NoUi),
            State::Trial(held) if held.len() >= HELD => {
                Err(RequestError::Full { message: format!("{HELD} requests wait for the end of its trial") })
            }
            State::Trial(held) => {
                held.push(drawing);
                Ok(())
            }
            State::Gone if drawing.lasts() => Err(gone()),
            // A call that it still answers may say something; it stays on nobody's screen.
            State::Firm | State::Gone => draw(drawing),
        }
    }

    /// Draws something that stays, at once.
    pub(crate) fn draw(&self, draw: impl FnOnce() -> Result<(), RequestError>) -> Result<(), RequestError> {
        let state = self.lock();
        match *state {
            State::Firm => draw(),
            State::Trial(_) | State::Gone => Err(gone()),
        }
    }

    /// The trial is over, and it has the screen: what waited is drawn. Gives what failed.
    pub(crate) fn accept(
        &self,
        mut draw: impl FnMut(Drawing) -> Result<(), RequestError>,
    ) -> Vec<RequestError> {
        let mut state = self.lock();
        match std::mem::replace(&mut *state, State::Firm) {
            State::Trial(held) => held.into_iter().filter_map(|drawing| draw(drawing).err()).collect(),
            State::Firm => Vec::new(),
            State::Gone => {
                *state = State::Gone;
                Vec::new()
            }
        }
    }

    /// It has lost the screen. What waited is dropped.
    pub(crate) fn retire(&self) {
        *self.lock() = State::Gone;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn gone() -> RequestError {
    RequestError::unavailable("it is not this instance that has the screen any more")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(text: &str) -> Drawing {
        Drawing::Status(text.into())
    }

    fn text(drawing: Drawing) -> String {
        match drawing {
            Drawing::Status(text) | Drawing::Display(text) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_drawn_on_trial_waits_in_order_and_within_a_limit() {
        let (footing, mut drawn) = (Footing::on_trial(), Vec::new());
        assert_eq!(footing.take(status("x"), false, |_| Ok(())), Err(RequestError::NoUi));
        for number in 0..HELD {
            footing.take(status(&number.to_string()), true, |_| panic!("it waits")).unwrap();
        }
        assert!(matches!(footing.take(status("x"), true, |_| Ok(())), Err(RequestError::Full { .. })));
        let failed = footing.accept(|drawing| {
            drawn.push(text(drawing));
            if drawn.len() == 1 { Err(RequestError::NoUi) } else { Ok(()) }
        });
        assert_eq!((failed.len(), drawn.len()), (1, HELD));
        assert_eq!((drawn[0].as_str(), drawn[HELD - 1].as_str()), ("0", "63"));
        footing
            .take(status("at once"), true, |drawing| {
                drawn.push(text(drawing));
                Ok(())
            })
            .unwrap();
        assert_eq!(drawn.last().map(String::as_str), Some("at once"));
    }

    #[test]
    fn who_has_lost_the_screen_draws_nothing_that_stays() {
        for footing in [Footing::on_trial(), Footing::firm()] {
            footing.take(status("before"), true, |_| Ok(())).unwrap();
            footing.retire();
            assert!(footing.take(status("after"), true, |_| panic!("it is gone")).is_err());
            assert!(footing.draw(|| panic!("it is gone")).is_err());
            assert!(footing.accept(|_| panic!("it is gone")).is_empty());
            let mut said = None;
            footing
                .take(Drawing::Display("said".into()), true, |drawing| {
                    said = Some(text(drawing));
                    Ok(())
                })
                .unwrap();
            assert_eq!(said.as_deref(), Some("said"), "a call that it still answers may say something");
        }
    }
}
