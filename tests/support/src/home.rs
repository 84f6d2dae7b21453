//! A directory for everything that an agent keeps, with a project beside it. Gone when it is dropped.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use tempfile::TempDir;
use wharf_runtime::Places;

use crate::session::SessionBuilder;
use crate::{BackendKind, guests};

/// What `WHARF_HOME` names, and a project to work in.
pub struct Home {
    root: TempDir,
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

impl Home {
    /// An empty home and an empty project.
    #[must_use]
    pub fn new() -> Self {
        let root = tempfile::tempdir().expect("a temporary directory");
        let home = Self { root };
        fs::create_dir_all(home.extensions()).expect("the home");
        fs::create_dir_all(home.project()).expect("the project");
        home
    }

    /// The home itself. Names of directories in temporary places may be links; this is the real one.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.real_root().join("home")
    }

    /// The project to work in.
    #[must_use]
    pub fn project(&self) -> PathBuf {
        self.real_root().join("project")
    }

    /// What the agent takes for its places.
    #[must_use]
    pub fn places(&self) -> Places {
        Places::under(&self.path())
    }

    /// The user's extensions.
    #[must_use]
    pub fn extensions(&self) -> PathBuf {
        self.path().join("extensions")
    }

    /// Where an extension keeps its data, unless it speaks version 1 of the protocol.
    #[must_use]
    pub fn data(&self, name: &str) -> PathBuf {
        self.path().join("data").join(name)
    }

    /// What has been logged for an extension so far; complete once the session is closed.
    #[must_use]
    pub fn log(&self, name: &str) -> String {
        fs::read_to_string(self.path().join("logs").join(format!("ext-{name}.log"))).unwrap_or_default()
    }

    /// Writes `config.toml`.
    pub fn configure(&self, text: &str) {
        fs::write(self.path().join("config.toml"), text).expect("config.toml");
    }

    /// Installs a guest for the user.
    pub fn install(&self, backend: BackendKind, name: &str) -> PathBuf {
        match backend {
            BackendKind::Component => self.install_component(name),
            BackendKind::Subprocess => self.install_subprocess(name),
        }
    }

    /// Drops `NAME.wasm` into the user's extensions.
    pub fn install_component(&self, name: &str) -> PathBuf {
        place_component(name, &self.extensions().join(format!("{name}.wasm")))
    }

    /// Makes the folder NAME with the guest's manifest and its native program.
    pub fn install_subprocess(&self, name: &str) -> PathBuf {
        place_subprocess(name, &self.extensions().join(name))
    }

    /// Makes the folder NAME with a manifest that runs `sh run.sh`, and that script.
    pub fn install_shell(&self, name: &str, script: &str) -> PathBuf {
        let manifest = json!({ "name": name, "exec": "sh", "args": ["run.sh"] }).to_string();
        place_files(&self.extensions().join(name), &[("extension.json", &manifest), ("run.sh", script)])
    }

    /// Makes the folder NAME with a manifest that runs the program with the arguments, and further files.
    pub fn install_script(&self, name: &str, exec: &[&str], files: &[(&str, &str)]) -> PathBuf {
        let (program, args) = exec.split_first().expect("a program");
        let manifest = json!({ "name": name, "exec": program, "args": args }).to_string();
        let directory = place_files(&self.extensions().join(name), files);
        place_files(&directory, &[("extension.json", &manifest)])
    }

    /// Makes the folder NAME with the files of a directory, unchanged.
    pub fn install_folder(&self, name: &str, from: &Path) -> PathBuf {
        let directory = self.extensions().join(name);
        fs::create_dir_all(&directory).expect("the extension's directory");
        for entry in fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
            let file = entry.expect("an entry").path();
            if file.is_file() {
                fs::copy(&file, directory.join(file.file_name().expect("a name"))).expect("a copy");
            }
        }
        directory
    }

    /// Begins to choose an agent that lives here.
    #[must_use]
    pub fn session(&self) -> SessionBuilder<'_> {
        SessionBuilder::new(self)
    }

    fn real_root(&self) -> PathBuf {
        self.root.path().canonicalize().expect("the temporary directory")
    }
}

/// Puts a guest's component at a path.
pub fn place_component(name: &str, to: &Path) -> PathBuf {
    fs::create_dir_all(to.parent().expect("a directory")).expect("the directory");
    fs::copy(guests::component(name), to).expect("the component");
    to.to_owned()
}

/// Puts a guest's manifest and its native program into a directory.
pub fn place_subprocess(name: &str, directory: &Path) -> PathBuf {
    fs::create_dir_all(directory).expect("the directory");
    fs::copy(guests::sources(name).join("extension.json"), directory.join("extension.json"))
        .expect("the manifest");
    let program = guests::program(name);
    let to = directory.join(program.file_name().expect("a name"));
    // A link where there can be one: a program that is still open for writing cannot be started.
    fs::hard_link(&program, &to).or_else(|_| fs::copy(&program, &to).map(drop)).expect("the program");
    directory.to_owned()
}

/// Puts files into a directory.
pub fn place_files(directory: &Path, files: &[(&str, &str)]) -> PathBuf {
    fs::create_dir_all(directory).expect("the directory");
    for (name, text) in files {
        fs::write(directory.join(name), text).expect("a file");
    }
    directory.to_owned()
}
