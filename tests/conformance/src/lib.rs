//! Every behaviour that an extension can see, described once and run on both backends.
//!
//! [`Behaviour`] is the list. The scenarios are the modules of `tests/suite`: each is an async function that takes the
//! backend, and [`scenarios!`] makes a test for each backend of it, `tool_answers::component` and
//! `tool_answers::subprocess`, and says what it shows. A behaviour that no scenario shows fails the build.
//!
//! `polyglot` and `version2` run what stands in `fixtures/languages`: extensions that were written from the pages in
//! docs/ alone, which so show that the pages are enough. They share no line with the SDK.
//!
//! `docs/contract.md` is made of the list and the scenarios. `golden/zot-session.txt` is what zot's host says to a
//! version 1 extension, line by line; `fixtures/` holds the extensions that are scripts.

pub mod behaviours;
pub mod contents;
pub mod scenario;

pub use behaviours::Behaviour;
pub use scenario::{Backends, Scenario, without_scenario};

/// Makes tests of scenarios, and the list of what they show: `tool_answers => ToolAnswers;`. What one backend alone can
/// be asked says so: `component_has_no_network in component => ComponentNetwork;`.
#[macro_export]
macro_rules! scenarios {
    ($($scenario:ident $(in $only:ident)? => $($behaviour:ident),+;)+) => {
        /// What this module shows.
        pub(crate) const SCENARIOS: &[$crate::Scenario] = &[$($crate::Scenario {
            path: concat!(module_path!(), "::", stringify!($scenario)),
            backends: $crate::scenarios!(@backends $($only)?),
            shows: &[$($crate::Behaviour::$behaviour),+],
        }),+];

        $(mod $scenario {
            $crate::scenarios!(@tests $scenario $($only)?);
        })+
    };
    (@backends) => { $crate::Backends::BOTH };
    (@backends component) => { $crate::Backends::COMPONENT };
    (@backends subprocess) => { $crate::Backends::SUBPROCESS };
    (@tests $scenario:ident) => {
        $crate::scenarios!(@tests $scenario component);
        $crate::scenarios!(@tests $scenario subprocess);
    };
    (@tests $scenario:ident component) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn component() {
            super::$scenario(wharf_test_support::BackendKind::Component).await;
        }
    };
    (@tests $scenario:ident subprocess) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn subprocess() {
            super::$scenario(wharf_test_support::BackendKind::Subprocess).await;
        }
    };
}
