//! Every behaviour that an extension can see, described once and run on both backends.
//!
//! The scenarios are the modules of `tests/suite`. Each is an async function that takes the backend; [`scenarios!`]
//! makes a test for each backend of it: `tool_answers::component` and `tool_answers::subprocess`. What one backend
//! alone can be asked is named with the backend: `scenarios!(component: ...)`.
//!
//! `polyglot` and `version2` run what stands in `fixtures/languages`: extensions that were written from the pages in
//! docs/ alone, which so show that the pages are enough. They share no line with the SDK.
//!
//! `golden/zot-session.txt` is what zot's host says to a version 1 extension, line by line; `fixtures/` holds the
//! extensions that are scripts.

/// Makes tests of scenarios: for both backends, or for the one that is named.
#[macro_export]
macro_rules! scenarios {
    (component: $($scenario:ident),+ $(,)?) => {$(
        mod $scenario {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn component() {
                super::$scenario(wharf_test_support::BackendKind::Component).await;
            }
        }
    )+};
    (subprocess: $($scenario:ident),+ $(,)?) => {$(
        mod $scenario {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn subprocess() {
                super::$scenario(wharf_test_support::BackendKind::Subprocess).await;
            }
        }
    )+};
    ($($scenario:ident),+ $(,)?) => {$(
        mod $scenario {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn component() {
                super::$scenario(wharf_test_support::BackendKind::Component).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn subprocess() {
                super::$scenario(wharf_test_support::BackendKind::Subprocess).await;
            }
        }
    )+};
}
