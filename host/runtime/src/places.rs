//! Where things lie: below `WHARF_HOME` if it is set, else below `wharf` in each of the user's base directories.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use thiserror::Error;

/// The directories and files that Wharf uses. Naming them creates nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// Holds `config.toml`.
    pub config: PathBuf,
    /// Holds `extensions/` and `data/`.
    pub data: PathBuf,
    /// Holds `logs/`.
    pub state: PathBuf,
    /// Holds what can be made again.
    pub cache: PathBuf,
    /// zot's directory, whose extensions are read as well.
    pub zot: Option<PathBuf>,
}

/// No home directory, and no variable that names one.
#[derive(Debug, Clone, Error)]
#[error("there is no home directory: {0}; set WHARF_HOME to an absolute path")]
pub struct PlacesError(String);

impl Places {
    /// Reads the environment.
    ///
    /// # Errors
    /// [`PlacesError`] when neither `WHARF_HOME` nor a home directory is known.
    pub fn from_env() -> Result<Self, PlacesError> {
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let absolute = |name: &str| variable(name).filter(|value| Path::new(value).is_absolute());
        if let Some(home) = variable("WHARF_HOME") {
            if Path::new(&home).is_relative() {
                // In a repository, it could be a directory of the repository.
                let what =
                    format!("WHARF_HOME is {}, which is not an absolute path", Path::new(&home).display());
                return Err(PlacesError(what));
            }
            return Ok(Self {
                zot: absolute("ZOT_HOME").map(PathBuf::from),
                ..Self::under(Path::new(&home))
            });
        }
        let base = etcetera::choose_base_strategy().map_err(|error| PlacesError(error.to_string()))?;
        let state = base.state_dir().unwrap_or_else(|| base.data_dir());
        Ok(Self {
            config: base.config_dir().join("wharf"),
            data: base.data_dir().join("wharf"),
            state: state.join("wharf"),
            cache: base.cache_dir().join("wharf"),
            zot: Some(zot_home(absolute("ZOT_HOME"), base.home_dir(), &state)),
        })
    }

    /// Everything below one directory.
    #[must_use]
    pub fn under(home: &Path) -> Self {
        let home = std::path::absolute(home).unwrap_or_else(|_| home.to_owned());
        Self { cache: home.join("cache"), config: home.clone(), data: home.clone(), state: home, zot: None }
    }

    /// `config.toml`
    #[must_use]
    pub fn config_file(&self) -> PathBuf {
        self.config.join("config.toml")
    }

    /// The user's extensions.
    #[must_use]
    pub fn extensions(&self) -> PathBuf {
        self.data.join("extensions")
    }

    /// Below it, each component's own directory.
    #[must_use]
    pub fn extension_data(&self) -> PathBuf {
        self.data.join("data")
    }

    /// What extensions keep in their stores, a file each. No extension is given this directory.
    #[must_use]
    pub fn stores(&self) -> PathBuf {
        self.data.join("store")
    }

    /// The extensions that crashed too often.
    #[must_use]
    pub fn quarantine(&self) -> PathBuf {
        self.state.join("quarantine.json")
    }

    /// What each guard guarded when it last started well.
    #[must_use]
    pub fn watchmen(&self) -> PathBuf {
        self.state.join("guards.json")
    }

    /// Compiled code of components.
    #[must_use]
    pub fn compiled_code(&self) -> PathBuf {
        self.cache.join("v1")
    }

    /// The key that shows that what lies in the cache comes from this user.
    #[must_use]
    pub fn cache_key(&self) -> PathBuf {
        self.state.join("cache.key")
    }

    /// What extensions registered when they last started well.
    #[must_use]
    pub fn registrations(&self) -> PathBuf {
        self.cache.join("registrations")
    }

    /// The logs.
    #[must_use]
    pub fn logs(&self) -> PathBuf {
        self.state.join("logs")
    }

    /// The user's extension directories, in order of precedence.
    #[must_use]
    pub fn user_extensions(&self) -> Vec<PathBuf> {
        let zot = self.zot.iter().map(|home| home.join("extensions"));
        std::iter::once(self.extensions()).chain(zot).collect()
    }

    /// A project's extension directories, in order of precedence.
    #[must_use]
    pub fn project_extensions(cwd: &Path) -> Vec<PathBuf> {
        [".wharf", ".zot"].iter().map(|name| cwd.join(name).join("extensions")).collect()
    }
}

/// Where zot keeps its things.
fn zot_home(variable: Option<OsString>, home: &Path, state: &Path) -> PathBuf {
    match variable {
        Some(named) => PathBuf::from(named),
        None if cfg!(target_os = "macos") => home.join("Library/Application Support/zot"),
        None => state.join("zot"),
    }
}
