//! What a scenario shows, and what is left without one.

use crate::Behaviour;

/// On which backends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backends {
    /// As a component.
    pub component: bool,
    /// As a subprocess.
    pub subprocess: bool,
}

impl Backends {
    /// On both.
    pub const BOTH: Self = Self { component: true, subprocess: true };
    /// As a component alone.
    pub const COMPONENT: Self = Self { component: true, subprocess: false };
    /// As a subprocess alone.
    pub const SUBPROCESS: Self = Self { component: false, subprocess: true };

    /// The words of the table of contents.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match (self.component, self.subprocess) {
            (true, true) => "both",
            (true, false) => "component",
            (false, true) => "subprocess",
            (false, false) => "none",
        }
    }
}

/// A scenario of the suite.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// Its path, with that of the program before it.
    pub path: &'static str,
    /// Where it runs.
    pub backends: Backends,
    /// What it shows.
    pub shows: &'static [Behaviour],
}

impl Scenario {
    /// Its name in the suite: `tools::tool_answers`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.path.split_once("::").map_or(self.path, |(_, name)| name)
    }

    /// Whether it shows this.
    #[must_use]
    pub const fn shows(&self, behaviour: Behaviour) -> bool {
        let mut index = 0;
        while index < self.shows.len() {
            if self.shows[index] as usize == behaviour as usize {
                return true;
            }
            index += 1;
        }
        false
    }
}

/// A behaviour that is not shown on each backend that has it.
#[must_use]
pub const fn without_scenario(modules: &[&[Scenario]]) -> Option<Behaviour> {
    let mut index = 0;
    while index < Behaviour::ALL.len() {
        let behaviour = Behaviour::ALL[index];
        let (wanted, shown) = (behaviour.entry().backends, shown(modules, behaviour));
        if (wanted.component && !shown.component) || (wanted.subprocess && !shown.subprocess) {
            return Some(behaviour);
        }
        index += 1;
    }
    None
}

const fn shown(modules: &[&[Scenario]], behaviour: Behaviour) -> Backends {
    let mut shown = Backends { component: false, subprocess: false };
    let mut module = 0;
    while module < modules.len() {
        let mut index = 0;
        while index < modules[module].len() {
            let scenario = &modules[module][index];
            if scenario.shows(behaviour) {
                shown.component |= scenario.backends.component;
                shown.subprocess |= scenario.backends.subprocess;
            }
            index += 1;
        }
        module += 1;
    }
    shown
}
