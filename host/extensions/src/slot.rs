//! One extension's place among all of them: what became of it, and what the registry shows of it.

use std::sync::Arc;

use wharf_protocol::hook::{HookSpec, OnFailure};
use wharf_protocol::registration::Registration;

use crate::docked::Docked;
use crate::error::{ExtError, Fault};
use crate::extension::Extension;
use crate::history::Past;
use crate::life::Phase;
use crate::limits::Deadlines;
use crate::listing::{Listing, State};
use crate::meter::Meter;
use crate::registry::Absent;
use crate::supervisor::Supervisor;
use crate::watchmen::way_out;

/// The place of one extension.
pub(crate) struct Slot {
    pub(crate) supervisor: Arc<Supervisor>,
    pub(crate) fate: Fate,
    /// What an earlier version of it registered: what that guarded stays guarded if this one fails.
    last: Option<Registration>,
    /// Whether something is kept, or about to be, of what it guards.
    is_kept: bool,
}

/// What became of an extension.
pub(crate) enum Fate {
    /// Nothing is known of it yet.
    Starting,
    /// What it registers is known: it runs, or sleeps until it is needed, or is on its way back after a crash.
    Docked(Arc<Docked>),
    /// It could not be started.
    Failed(ExtError),
    /// It crashed too often; what it had registered, if that is known.
    Quarantined(Option<Arc<Docked>>, Fault),
}

impl Fate {
    pub(crate) fn docked(&self) -> Option<&Arc<Docked>> {
        match self {
            Self::Docked(docked) => Some(docked),
            Self::Quarantined(docked, _) => docked.as_ref(),
            Self::Starting | Self::Failed(_) => None,
        }
    }
}

impl Slot {
    /// A place for an extension of which this is known.
    pub(crate) fn new(supervisor: Arc<Supervisor>, past: Past) -> Self {
        let Past { registration, last, quarantined } = past;
        // What was written down when it was put into quarantine is there when all else is gone.
        let last = last.or_else(|| Some(Registration { hooks: quarantined?.hooks, ..Registration::new() }));
        let is_kept = last.as_ref().is_some_and(|last| !last.hooks.is_empty());
        let mut slot = Self { supervisor, fate: Fate::Starting, last, is_kept };
        let docked = registration.map(|registration| Arc::new(slot.stand(Arc::new(registration))));
        slot.fate = match (slot.supervisor.phase(), docked) {
            (Phase::Out(fault), docked) => Fate::Quarantined(docked, fault),
            (_, Some(docked)) => Fate::Docked(docked),
            (_, None) => Fate::Starting,
        };
        slot
    }

    pub(crate) fn keeper(&self) -> Arc<Supervisor> {
        self.supervisor.clone()
    }

    /// What it guards and closes when it fails; none: it is not known, or nobody has to know.
    pub(crate) fn guarded(&self) -> Option<Vec<HookSpec>> {
        let Fate::Docked(docked) = &self.fate else { return None };
        let closed = docked.registration.hooks.iter().filter(|hook| self.closes(hook));
        Some(closed.map(|hook| hook.clone().on_failure(OnFailure::Closed)).collect())
    }

    /// Whether what it guards may have to be kept, or forgotten: most guard nothing, and never did.
    pub(crate) fn has_to_be_kept(&mut self) -> bool {
        self.is_kept |= self.guarded().is_some_and(|hooks| !hooks.is_empty());
        self.is_kept
    }

    pub(crate) fn extension(&self) -> &Extension {
        &self.supervisor.launcher.extension
    }

    /// How the extension stands with this registration.
    pub(crate) fn stand(&self, registration: Arc<Registration>) -> Docked {
        let launcher = &self.supervisor.launcher;
        Docked {
            id: launcher.extension.id.clone(),
            supervisor: self.supervisor.clone(),
            deadlines: launcher.deadlines(),
            grants: launcher.grants.clone(),
            meter: Arc::default(),
            registration,
        }
    }

    /// How long the calls that are in it may take.
    pub(crate) fn deadlines(&self) -> Deadlines {
        let docked = self.fate.docked().map(|docked| docked.deadlines);
        docked.unwrap_or_else(|| self.supervisor.launcher.deadlines())
    }

    /// Goes on counting what it costs.
    pub(crate) fn keep_meter(&mut self, meter: Arc<Meter>) {
        if let Fate::Docked(docked) = &self.fate {
            self.fate = Fate::Docked(Arc::new(Docked { meter, ..(**docked).clone() }));
        }
    }

    pub(crate) fn is_asleep(&self) -> bool {
        matches!((&self.fate, self.supervisor.phase()), (Fate::Docked(_), Phase::Asleep))
    }

    pub(crate) fn is_starting(&self) -> bool {
        matches!(self.supervisor.phase(), Phase::Starting)
    }

    pub(crate) fn is_compiling(&self) -> bool {
        self.supervisor.is_compiling()
    }

    /// What the registry shows. Of an extension in quarantine only its commands are left, which say why.
    pub(crate) fn shown(&self) -> Option<Arc<Docked>> {
        match &self.fate {
            Fate::Docked(docked) => Some(docked.clone()),
            Fate::Quarantined(docked, _) => {
                let docked = docked.as_deref()?.clone();
                let commands = docked.registration.commands.clone();
                let registration = Arc::new(Registration { commands, ..Registration::new() });
                Some(Arc::new(Docked { registration, ..docked }))
            }
            Fate::Starting | Fate::Failed(_) => None,
        }
    }

    pub(crate) fn listing(&self) -> Listing {
        let state = match (&self.fate, self.supervisor.phase()) {
            (Fate::Failed(error), _) => State::Failed(error.to_string()),
            (Fate::Quarantined(_, fault), _) => State::Quarantined(fault.to_string()),
            (_, Phase::Asleep) => State::Asleep,
            (_, Phase::Starting) => State::Starting,
            (_, Phase::Up) => State::Running,
            (_, Phase::Resting(_)) => State::Restarting,
            (_, Phase::Out(fault)) => State::Failed(fault.to_string()),
        };
        Listing::new(self.extension(), state, self.fate.docked().map(AsRef::as_ref))
    }

    /// What it should guard and does not.
    pub(crate) fn absent(&self) -> Option<Absent> {
        let declared = self.extension().manifest.declared().map(|declared| declared.hooks);
        let (hooks, fault) = match &self.fate {
            Fate::Docked(docked) => {
                let registered = &docked.registration.hooks;
                let mut hooks = declared?;
                hooks.retain(|hook| !registered.iter().any(|registered| registered.on == hook.on));
                let why = "it has not registered the hook that its manifest declares".to_owned();
                (hooks, Fault::NotRunning { why })
            }
            Fate::Starting => {
                let why = "it is still starting".to_owned();
                (self.by_any_account(declared), Fault::NotRunning { why })
            }
            Fate::Failed(error) => {
                let mut why = format!("{}: {}", error.stage, error.fault);
                if !self.last_guarded().is_empty() {
                    why = format!("{why}; {}", way_out(&self.extension().id));
                }
                (self.by_any_account(declared), Fault::NotRunning { why })
            }
            Fate::Quarantined(docked, fault) => {
                let registered = docked.iter().flat_map(|docked| docked.registration.hooks.clone());
                let declared = declared.unwrap_or_default().into_iter().chain(registered).collect();
                (self.by_any_account(Some(declared)), fault.clone())
            }
        };
        let deadlines = self.supervisor.launcher.deadlines();
        (!hooks.is_empty()).then(|| Absent { id: self.extension().id.clone(), hooks, deadlines, fault })
    }

    /// What it guards by its manifest, or by what it did the last time.
    fn by_any_account(&self, declared: Option<Vec<HookSpec>>) -> Vec<HookSpec> {
        let mut hooks: Vec<HookSpec> = Vec::new();
        for hook in declared.into_iter().flatten().chain(self.last_guarded()) {
            if !hooks.contains(&hook) {
                hooks.push(hook);
            }
        }
        hooks
    }

    /// The hooks of an earlier version that close when they fail. The others would only be noise.
    fn last_guarded(&self) -> Vec<HookSpec> {
        let hooks = self.last.iter().flat_map(|last| &last.hooks);
        hooks.filter(|hook| self.closes(hook)).cloned().collect()
    }

    /// Whether its manifest declares a hook that closes when it fails, or an earlier version had one.
    pub(crate) fn is_guard(&self) -> bool {
        let declared = self.extension().manifest.declared().unwrap_or_default();
        declared.hooks.iter().any(|hook| self.closes(hook)) || !self.last_guarded().is_empty()
    }

    fn closes(&self, hook: &HookSpec) -> bool {
        let undeclared = || self.supervisor.launcher.deadlines().undeclared_policy(hook.on);
        hook.on_failure.unwrap_or_else(undeclared) == OnFailure::Closed
    }
}
