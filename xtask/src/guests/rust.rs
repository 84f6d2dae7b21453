//! Guests in Rust: packages of this workspace, each built as a component and as a native program.

use std::path::Path;

use anyhow::Result;
use cargo_metadata::{Metadata, Package, TargetKind};

use super::gather;
use crate::{process, toolchain, workspace};

const TARGET: &str = "wasm32-wasip2";

/// A package that is an extension: its library becomes the component, its program, if it has one, the subprocess.
struct Guest {
    name: String,
    component: String,
    program: Option<String>,
}

/// Builds what is not up to date and gathers it; gives the number of guests.
pub fn build(metadata: &Metadata, gathered: &Path) -> Result<usize> {
    let guests: Vec<_> = metadata.workspace_packages().into_iter().filter_map(guest).collect();
    let target = metadata.target_directory.as_std_path();
    build_components(&guests, target)?;
    build_programs()?;
    for guest in &guests {
        let built = target.join(TARGET).join("guest").join(&guest.component);
        gather::component(&built, &gathered.join(format!("{}.wasm", guest.name)))?;
        if let Some(program) = &guest.program {
            let gathered = gathered.join(format!("{}{}", guest.name, std::env::consts::EXE_SUFFIX));
            gather::file(&target.join("debug").join(program), &gathered)?;
        }
    }
    Ok(guests.len())
}

/// A package of the guest tower with a `cdylib`.
fn guest(package: &Package) -> Option<Guest> {
    if package.metadata.get("wharf")?.get("tower")?.as_str()? != "guest" {
        return None;
    }
    let name_of = |kind: TargetKind| package.targets.iter().find(|target| target.kind.contains(&kind));
    let library = name_of(TargetKind::CDyLib)?;
    let program = name_of(TargetKind::Bin);
    Some(Guest {
        name: package.name.to_string(),
        component: format!("{}.wasm", library.name.replace('-', "_")),
        program: program.map(|program| format!("{}{}", program.name, std::env::consts::EXE_SUFFIX)),
    })
}

/// All in one call of cargo, since building the standard library may be part of it.
fn build_components(guests: &[Guest], target: &Path) -> Result<()> {
    let toolchain = toolchain::find(target)?;
    let mut cargo = workspace::cargo();
    cargo.args(["build", "--lib", "--profile", "guest", "--target", TARGET]).args(&toolchain.cargo_args);
    cargo.args(guests.iter().flat_map(|guest| ["--package", guest.name.as_str()]));
    // Flags for the machine's own code are not for components.
    cargo.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS").envs(toolchain.env);
    process::step(&format!("guests as components, with {}", toolchain.name), &mut cargo)
}

/// In the `dev` profile: it unwinds, which turns a guest's panic into an answer. All programs and examples of the
/// workspace are built in one call, the same way as the tests are built: a smaller choice of packages would mean other
/// features of shared dependencies, and those built once more.
fn build_programs() -> Result<()> {
    let mut cargo = workspace::cargo();
    cargo.args(["build", "--workspace", "--bins", "--examples"]);
    process::step("programs", &mut cargo)
}
