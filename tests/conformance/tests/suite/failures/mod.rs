//! A guard that fails: ten ways, each with a policy that is open and one that is closed, on both backends. Each ends as
//! the guard's manifest declares, the user is told of it, and another extension goes on.
//!
//! [`failures!`] makes the way and its four tests of one line: a way that is not tested does not exist.

mod case;
mod component;
mod subprocess;

use wharf_conformance::{Backends, Behaviour, Scenario};

/// Makes the ways, and of each its tests: `out_of_memory::closed::component`.
macro_rules! failures {
    ($($(#[$said:meta])+ $name:ident: $way:ident => $behaviour:ident,)+) => {
        /// A way of failing.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Way {
            $($(#[$said])+ $way,)+
        }

        pub(crate) const SCENARIOS: &[Scenario] = &[$(Scenario {
            path: concat!(module_path!(), "::", stringify!($name)),
            backends: Backends::BOTH,
            shows: &[Behaviour::$behaviour],
        },)+];

        $(mod $name {
            mod open {
                failures!(@both $way, Open);
            }
            mod closed {
                failures!(@both $way, Closed);
            }
        })+
    };
    (@both $way:ident, $policy:ident) => {
        failures!(@one component, Component, $way, $policy);
        failures!(@one subprocess, Subprocess, $way, $policy);
    };
    (@one $test:ident, $backend:ident, $way:ident, $policy:ident) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $test() {
            use wharf_protocol::hook::OnFailure;
            use wharf_test_support::BackendKind;
            $crate::failures::case::run($crate::failures::Way::$way, OnFailure::$policy, BackendKind::$backend).await;
        }
    };
}

failures! {
    /// It traps, or its process dies.
    crash: Crash => GuardCrash,
    /// It computes for ever.
    endless_loop: EndlessLoop => GuardEndlessLoop,
    /// It wants more memory than it may have.
    out_of_memory: OutOfMemory => GuardOutOfMemory,
    /// It waits for ever.
    deadline: Deadline => GuardDeadline,
    /// It is taken away while it is being asked.
    unload: Unload => GuardUnload,
    /// What its manifest names is not there.
    missing_file: MissingFile => GuardMissingFile,
    /// It is a component of another world, or does not begin with a hello.
    wrong_world_or_protocol: WrongWorld => GuardWrongWorld,
    /// It imports what nobody has, or sends a frame that it may not send and an answer that is none.
    denied_import_or_frame: Denied => GuardDenied,
    /// Its answer is larger than any may be.
    oversize_answer: Oversize => GuardOversize,
    /// The user gives up while it is being asked.
    abort: Abort => GuardAbort,
}
