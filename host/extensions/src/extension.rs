//! An extension that was found: where it lies, how it runs, what its manifest says.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use wharf_protocol::id::ExtensionId;

use crate::digest::Digest;
use crate::manifest::Manifest;
use crate::script;
use crate::system;

/// An extension that was found and may be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// Its one identity.
    pub id: ExtensionId,
    /// What its manifest says; for a bare file, what follows from its name.
    pub manifest: Manifest,
    /// How it runs.
    pub program: Program,
    /// The directory it lives in, absolute.
    pub directory: PathBuf,
    /// What all of it lies in, absolute: its directory, or its file if it is a file on its own.
    pub place: PathBuf,
    /// Where it was found.
    pub origin: Origin,
}

/// Most that is read of one file for a digest, in bytes.
const MAX_BYTES: u64 = 256 << 20;

impl Extension {
    /// The files that it is made of: its manifest, and its component, or its program and those of its arguments that
    /// name something in its directory. Some may not be there.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        let mut files = vec![self.directory.join("extension.json")];
        match &self.program {
            Program::Component { file } => files.push(file.clone()),
            Program::Subprocess { exec, args } => {
                files.push(self.directory.join(exec));
                files.extend(args.iter().map(|arg| self.directory.join(arg)));
            }
        }
        files.retain(|file| file.starts_with(&self.directory));
        files
    }

    /// What is in its files. What a program writes beside itself does not count. Blocks.
    ///
    /// # Errors
    /// A file that is there cannot be read.
    pub fn digest(&self) -> io::Result<Digest> {
        self.digest_with(Vec::new())
    }

    /// The same, and what is in further files of its directory. Blocks.
    ///
    /// # Errors
    /// A file that is there cannot be read.
    pub fn digest_with(&self, more: Vec<PathBuf>) -> io::Result<Digest> {
        let mut files = self.files();
        files.extend(more);
        let pieces = files.iter().filter(|file| file.is_file()).map(|file| {
            let name = file.strip_prefix(&self.directory).unwrap_or(file);
            Ok((name.to_string_lossy(), read(file)?))
        });
        let pieces = pieces.collect::<io::Result<Vec<_>>>()?;
        Ok(Digest::of_all(pieces.iter().map(|(name, bytes)| (name.as_ref(), bytes.as_slice()))))
    }
}

impl Extension {
    /// What keeps it from being started as far as its files tell: a program or component that is not there.
    #[must_use]
    pub fn lacks(&self) -> Option<String> {
        match &self.program {
            Program::Component { file } if !file.is_file() => {
                let what = "the component is not there, or is no regular file; build it, or mend \"wasm\" in its manifest";
                Some(format!("{}: {what}", file.display()))
            }
            Program::Component { .. } => None,
            Program::Subprocess { exec, .. } => {
                let why = self.program_lacks(exec)?;
                Some(format!("{}: {why}", exec.display()))
            }
        }
    }
}

impl Extension {
    fn program_lacks(&self, exec: &Path) -> Option<String> {
        let told = |why: &str| Some(why.to_owned());
        let meant = self.meant_by(exec);
        if !exec.is_absolute() {
            let meant = meant.unwrap_or_else(|| "install it".to_owned());
            return (!system::is_on_path(exec)).then(|| format!("the program is not on PATH; {meant}"));
        }
        if !exec.is_file() {
            let meant = meant.unwrap_or_else(|| "put it there, or mend \"exec\" in its manifest".to_owned());
            return Some(format!("the program is not there; {meant}"));
        }
        if !system::may_be_executed(exec) {
            return told("the program is not executable; chmod +x it");
        }
        script::lacks(exec)
    }

    /// What was probably meant by a program that is not there.
    fn meant_by(&self, exec: &Path) -> Option<String> {
        let text = exec.to_string_lossy();
        if self.directory.join(exec).is_file() {
            return Some(format!("write \"./{text}\" for the one in its directory"));
        }
        // A blank in a path is no mistake, as long as what is before it is no program.
        let (first, _) = text.split_once(' ')?;
        let first = Path::new(first);
        let is_program = if first.is_absolute() { first.is_file() } else { system::is_on_path(first) };
        (is_program || !exec.is_absolute()).then(|| "arguments belong in \"args\"".to_owned())
    }
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(file)?.take(MAX_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// How an extension runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Program {
    /// A child process that speaks JSON lines.
    Subprocess {
        /// Absolute, or a bare word that is looked up on `PATH`.
        exec: PathBuf,
        /// Its arguments.
        args: Vec<String>,
    },
    /// A WebAssembly component.
    Component {
        /// The `.wasm` file, absolute.
        file: PathBuf,
    },
}

impl Program {
    /// The word for the kind in lists.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Subprocess { .. } => "subprocess",
            Self::Component { .. } => "component",
        }
    }
}

/// Where an extension was found, in order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// Named with `--ext`.
    Explicit,
    /// In the user's directory.
    User,
    /// In the project's directory; started only when the project is trusted.
    Project,
}

impl Origin {
    /// The word in lists.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Explicit => "explicit",
            Self::User => "user",
            Self::Project => "project",
        }
    }
}
