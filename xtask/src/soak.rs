//! The tests that throw much at the host, with the big counts of which `cargo xtask test` runs a tenth or a hundredth.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use cargo_metadata::TargetKind;

use crate::{guests, process, workspace};

/// All steps together.
const WHOLE: Duration = Duration::from_secs(60 * 60);

/// A step: what it is called, the test targets that it runs, and which of their tests; none: all.
struct Step {
    name: &'static str,
    targets: &'static [&'static str],
    tests: Option<&'static str>,
}

const STEPS: [Step; 4] = [
    Step {
        name: "fuzz: frames, lines, manifests",
        targets: &["fuzz_frames", "fuzz_lines", "fuzz_manifest"],
        tests: None,
    },
    Step { name: "hostile child processes", targets: &["hostile_subprocesses"], tests: None },
    Step {
        name: "hostile components, and components changed at random",
        targets: &["hostile_components"],
        tests: None,
    },
    Step { name: "the host, killed at any moment", targets: &["cli"], tests: Some("killed::") },
];

/// Runs the steps with `WHARF_SOAK=1`. A seed that is told on failure goes into `WHARF_SEED`.
pub fn run() -> Result<()> {
    let begun = Instant::now();
    let guests = guests::run()?.folder;
    let known = test_targets()?;
    let mut missing = Vec::new();
    for step in STEPS {
        let (there, not): (Vec<&str>, Vec<&str>) =
            step.targets.iter().partition(|target| known.iter().any(|known| known == *target));
        missing.extend(not);
        if there.is_empty() {
            continue;
        }
        let mut cargo = workspace::cargo();
        cargo.args(["test", "--workspace"]).env("WHARF_GUESTS", &guests).env("WHARF_SOAK", "1");
        cargo.args(there.iter().flat_map(|target| ["--test", target])).arg("--").args(step.tests);
        process::step_within(step.name, &mut cargo, WHOLE.saturating_sub(begun.elapsed()))?;
        eprintln!("xtask: {} s so far", begun.elapsed().as_secs());
    }
    if !missing.is_empty() {
        bail!("there are no test targets {}; xtask/src/soak.rs names them", missing.join(", "));
    }
    Ok(())
}

/// The test programs of the workspace.
fn test_targets() -> Result<Vec<String>> {
    let packages = workspace::read()?.packages;
    let targets = packages.into_iter().flat_map(|package| package.targets);
    Ok(targets.filter(|target| target.kind.contains(&TargetKind::Test)).map(|target| target.name).collect())
}
