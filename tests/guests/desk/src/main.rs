//! The extension as a subprocess.

fn main() -> std::process::ExitCode {
    wharf_guest::run::<desk::Desk>()
}
