//! How far its life is, and who is told when it ends.

use wharf_extensions::error::{Fault, Stage};
use wharf_protocol::registration::Registration;

use super::{Peer, lock};
use crate::enrolment;

pub(super) enum Life {
    Starting(Registration),
    Running,
    Stopping,
    Dead(Fault),
}

impl Peer {
    /// Until it is ready a registration is collected, then it is handed on.
    pub(crate) fn register(&self, more: Registration) {
        if let Life::Starting(all) = &mut *lock(&self.life) {
            return enrolment::merge(all, more);
        }
        self.inbound.register(more);
    }

    /// From now on it is running. What it has registered, or why it is dead already.
    pub(crate) fn dock(&self) -> Result<Registration, Fault> {
        let mut life = lock(&self.life);
        match std::mem::replace(&mut *life, Life::Running) {
            Life::Starting(all) => Ok(all),
            Life::Running => Ok(Registration::new()),
            Life::Stopping => {
                *life = Life::Stopping;
                Err(stopped())
            }
            Life::Dead(fault) => {
                *life = Life::Dead(fault.clone());
                Err(fault)
            }
        }
    }

    /// Its end has begun; who waits is told at once. False: it is dead already, there is nothing to end politely.
    pub(crate) fn stopping(&self) -> bool {
        let mut life = lock(&self.life);
        let alive = !matches!(*life, Life::Dead(_));
        if alive {
            *life = Life::Stopping;
        }
        drop(life);
        // What waits may have been begun: it is not to be asked of anybody else.
        let begun = Fault::Died { how: "it was stopped in the middle of the call".to_owned() };
        self.tools.close(&begun, &stopped());
        self.commands.close(&begun, &stopped());
        self.hooks.close(&begun, &stopped());
        alive
    }

    /// It has ended on its own: who waits is told at once, and so is the host if it was running.
    pub(crate) fn died(&self, fault: Fault) {
        let mut life = lock(&self.life);
        let was_running = matches!(*life, Life::Running);
        if !matches!(*life, Life::Stopping) {
            *life = Life::Dead(fault.clone());
        }
        drop(life);
        let in_a_call = !(self.tools.is_empty() && self.commands.is_empty() && self.hooks.is_empty());
        self.fail_all(&fault);
        self.outbox.close(None);
        self.dead.cancel();
        self.ready.cancel();
        if was_running {
            let stage = if in_a_call { Stage::Call } else { Stage::Running };
            self.inbound.lost(fault.at(self.inbound.extension(), stage));
        }
    }

    /// Why it is dead.
    pub(crate) fn cause(&self) -> Option<Fault> {
        match &*lock(&self.life) {
            Life::Dead(fault) => Some(fault.clone()),
            Life::Starting(_) | Life::Running | Life::Stopping => None,
        }
    }

    fn fail_all(&self, fault: &Fault) {
        self.tools.fail_all(fault);
        self.commands.fail_all(fault);
        self.hooks.fail_all(fault);
    }
}

fn stopped() -> Fault {
    Fault::NotRunning { why: "it was stopped".to_owned() }
}
