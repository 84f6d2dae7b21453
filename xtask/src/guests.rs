//! Builds the guests, each as a component and as a native program, and gathers them in `<target>/guests`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use cargo_metadata::{Package, TargetKind};

use crate::{process, toolchain, workspace};

/// The first bytes of a component: the magic number, version 13, layer 1.
const COMPONENT: [u8; 8] = *b"\0asm\x0d\0\x01\0";
const TARGET: &str = "wasm32-wasip2";

/// A package that is an extension: its library becomes the component, its program, if it has one, the subprocess.
struct Guest {
    name: String,
    component: String,
    program: Option<String>,
}

/// Builds what is not up to date and gives the folder that holds `NAME.wasm` and `NAME` for each guest.
pub fn run() -> Result<PathBuf> {
    let metadata = workspace::read()?;
    let guests: Vec<_> = metadata.workspace_packages().into_iter().filter_map(guest).collect();
    let target = metadata.target_directory.as_std_path();

    build_components(&guests, target)?;
    build_programs()?;

    let gathered = target.join("guests");
    fs::create_dir_all(&gathered).with_context(|| format!("cannot make {}", gathered.display()))?;
    for guest in &guests {
        let built = target.join(TARGET).join("guest").join(&guest.component);
        check_component(&built)?;
        gather(&built, &gathered.join(format!("{}.wasm", guest.name)))?;
        if let Some(program) = &guest.program {
            let gathered = gathered.join(format!("{}{}", guest.name, std::env::consts::EXE_SUFFIX));
            gather(&target.join("debug").join(program), &gathered)?;
        }
    }
    eprintln!("xtask: {} guests in {}", guests.len(), gathered.display());
    Ok(gathered)
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

fn check_component(file: &Path) -> Result<()> {
    let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    if !bytes.starts_with(&COMPONENT) {
        bail!("{} is not a WebAssembly component", file.display());
    }
    Ok(())
}

/// Copies what differs. By way of a second name, since a program that is running cannot be written over.
fn gather(from: &Path, to: &Path) -> Result<()> {
    let built = fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
    if fs::read(to).is_ok_and(|present| present == built) {
        return Ok(());
    }
    let name = to.file_name().unwrap_or_default().to_string_lossy();
    let fresh = to.with_file_name(format!(".{name}.{}", std::process::id()));
    fs::copy(from, &fresh)
        .with_context(|| format!("cannot copy {} to {}", from.display(), fresh.display()))?;
    fs::rename(&fresh, to).with_context(|| format!("cannot write {}", to.display()))
}
