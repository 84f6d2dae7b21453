//! Puts the commit into `wharf --version`, where there is one.

#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "a build script talks to cargo and git")]

fn main() {
    let output = std::process::Command::new("git").args(["rev-parse", "--short=9", "HEAD"]).output();
    let commit = match output {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        _ => "unknown".to_owned(),
    };
    println!("cargo::rustc-env=WHARF_COMMIT={commit}");
    println!("cargo::rerun-if-changed=../../.git/HEAD");
}
