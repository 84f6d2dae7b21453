//! The guest as a subprocess.

fn main() -> std::process::ExitCode {
    wharf_guest::run::<hostile::Hostile>()
}
