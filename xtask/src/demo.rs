//! The main job, shown: a home with two kinds of extensions, and one run through both.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::{guests, process, workspace};

/// Components that are dropped in as they were built.
const COMPONENTS: [&str; 2] = ["weather", "guard"];
/// Legacy extensions that are copied in as they are.
const LEGACY: [&str; 2] = ["notes", "abbrev"];

/// Builds what is needed, prepares an empty home, and runs the demo of the embedding SDK in it.
pub fn run() -> Result<()> {
    if process::find("python3").is_none() {
        bail!("python3 is not installed: the demo's legacy extensions are written in Python");
    }
    let metadata = workspace::read()?;
    let root = metadata.workspace_root.as_std_path();
    let gathered = guests::run()?.folder;

    let temporary = tempfile::tempdir().context("cannot make a temporary directory")?;
    let (home, project) = (temporary.path().join("home"), temporary.path().join("project"));
    println!("\n=== 0. An empty home; extensions are copied into its extensions directory ===\n");
    prepare(&home, &project, root, &gathered)?;

    let program = metadata.target_directory.as_std_path().join("debug/examples/demo");
    let mut demo = std::process::Command::new(program.with_extension(std::env::consts::EXE_EXTENSION));
    demo.arg(&home).arg(&project);
    let status = demo.status().context("the demo did not start")?;
    if !status.success() {
        bail!("the demo failed ({status})");
    }
    println!("\nThat was one run of the agent. Next, by hand: \"A first try by hand\" in README.md.");
    Ok(())
}

fn prepare(home: &Path, project: &Path, root: &Path, gathered: &Path) -> Result<()> {
    let extensions = home.join("extensions");
    fs::create_dir_all(&extensions)?;
    fs::create_dir_all(project.join("build"))?;
    fs::write(project.join("build/artifact.txt"), "kept\n")?;
    for name in COMPONENTS {
        let file = format!("{name}.wasm");
        fs::copy(gathered.join(&file), extensions.join(&file))
            .with_context(|| format!("cannot copy {file}"))?;
        println!("  cp {file:<14} extensions/            (a component, built from extensions/{name})");
    }
    for name in LEGACY {
        copy_directory(&root.join("extensions").join(name), &extensions.join(name))?;
        println!(
            "  cp -r {name:<11} extensions/            (a directory with zot's extension.json and a Python program)"
        );
    }
    Ok(())
}

fn copy_directory(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}
