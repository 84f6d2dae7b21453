//! The shell of the platform.

use wharf_child::Spec;

/// How the shell is called.
#[cfg(unix)]
pub(super) const NAME: &str = "/bin/sh -c";
/// How the shell is called.
#[cfg(not(unix))]
pub(super) const NAME: &str = "cmd /C";

/// A shell that runs a command line, with output and errors in one.
pub(super) fn spec(command: &str) -> Spec {
    let (program, flag) = NAME.split_once(' ').unwrap_or((NAME, ""));
    Spec::new(program).args([flag, command]).merged()
}
