//! `config.toml`: what the user settled for good. Flags go before it.

mod edit;

pub(crate) use edit::switch;

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use thiserror::Error;

use wharf_extensions::discovery::Discovery;
use wharf_extensions::suggestion::did_you_mean;

use crate::approval::ApprovalMode;

/// What the file says.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Config {
    /// The provider to use when none is named.
    pub provider: Option<String>,
    /// The model to use when none is named.
    pub model: Option<String>,
    /// Whether tools ask before they run.
    pub approve: Option<ApprovalMode>,
    /// Settings of single extensions, by name.
    pub extensions: HashMap<String, ExtensionConfig>,
    /// What the file says beyond that: told as warnings.
    #[serde(flatten)]
    unknown: HashMap<String, toml::Value>,
}

/// Settings of one extension.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExtensionConfig {
    /// New names for its tools and commands, by the names that it registers.
    pub rename: HashMap<String, String>,
    /// `false`: it is passed over, wherever it lies.
    pub enabled: Option<bool>,
}

/// A configuration that cannot be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file is there and cannot be read.
    #[error("{}: {source}; mend it, or run with --no-config", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file cannot be changed.
    #[error("{}: {source}", file.display())]
    Write {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A wrong type, or no TOML.
    #[error("{place}: {why}; mend it, or run with --no-config")]
    Parse {
        /// The file, with line and column.
        place: String,
        /// What is wrong.
        why: String,
    },
}

impl Config {
    /// Reads the file; one that is not there is an empty one.
    ///
    /// # Errors
    /// [`ConfigError`] with file and line.
    pub fn load(file: &Path) -> Result<Self, ConfigError> {
        let read = || match std::fs::metadata(file)?.is_file() {
            true => std::fs::read_to_string(file),
            // Opening a pipe would wait for somebody to write.
            false => Err(io::Error::other("it is not a regular file")),
        };
        let text = match read() {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(source) => return Err(ConfigError::Read { file: file.to_owned(), source }),
        };
        toml::from_str(&text).map_err(|error| ConfigError::Parse {
            place: place(&text, file, &error),
            why: error.message().trim().replace('\n', ", "),
        })
    }

    /// Keys that mean nothing, one line each.
    #[must_use]
    pub fn warnings(&self, file: &Path) -> Vec<String> {
        let mut keys: Vec<_> = self.unknown.keys().collect();
        keys.sort();
        keys.iter().map(|key| format!("{}: unknown key {key:?} is ignored", file.display())).collect()
    }

    pub(crate) fn switched_off(&self) -> BTreeSet<String> {
        let off = self.extensions.iter().filter(|(_, extension)| extension.enabled == Some(false));
        off.map(|(name, _)| name.clone()).collect()
    }

    /// New names for an extension that is not there, one line each. One that cannot be read, or is not trusted, may be
    /// the one that is meant.
    pub(crate) fn renames_of_nobody(&self, found: &Discovery) -> Vec<String> {
        let all = found.extensions.iter().chain(&found.disabled);
        let shadowed = found.problems.iter().filter_map(|problem| problem.shadowed.as_deref());
        let mut names: Vec<String> = all.chain(shadowed).map(|extension| extension.id.to_string()).collect();
        let unread = found.problems.iter().filter(|problem| problem.fatal).map(|problem| &problem.path);
        for path in unread.chain(&found.inert) {
            let path = path.parent().filter(|_| path.ends_with("extension.json")).unwrap_or(path);
            let ends = [path.file_name(), path.file_stem()];
            names.extend(ends.into_iter().flatten().map(|name| name.to_string_lossy().into_owned()));
        }
        let renamed = self.extensions.iter().filter(|(_, extension)| !extension.rename.is_empty());
        let mut nobody: Vec<&String> =
            renamed.map(|(name, _)| name).filter(|name| !names.contains(name)).collect();
        nobody.sort();
        let told = nobody.into_iter().map(|name| {
            let meant = did_you_mean(name, names.iter().map(String::as_str));
            format!(
                "[extensions.{name}.rename] in config.toml: there is no extension {name:?}{meant}; mend or remove it"
            )
        });
        told.collect()
    }

    pub(crate) fn renames(&self) -> HashMap<String, HashMap<String, String>> {
        self.extensions.iter().map(|(name, extension)| (name.clone(), extension.rename.clone())).collect()
    }
}

fn place(text: &str, file: &Path, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("{}: line {line}, column {column}", file.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Config, String> {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("config.toml");
        std::fs::write(&file, text).unwrap();
        Config::load(&file).map_err(|error| error.to_string())
    }

    #[test]
    fn a_file_that_is_not_there_is_an_empty_one() {
        assert_eq!(Config::load(Path::new("/nowhere/config.toml")).unwrap(), Config::default());
    }

    #[test]
    fn names_can_be_changed_and_unknown_keys_are_told() {
        let config = load("approve = \"auto\"\nmodle = 1\n[extensions.x.rename]\na = \"b\"\n").unwrap();
        assert_eq!(config.approve, Some(ApprovalMode::Auto));
        assert_eq!(config.renames()["x"]["a"], "b");
        assert_eq!(config.warnings(Path::new("c.toml")), ["c.toml: unknown key \"modle\" is ignored"]);
    }

    #[test]
    fn new_names_for_nobody_are_told() {
        let text = "[extensions.wether.rename]\na = \"b\"\n[extensions.off]\nenabled = false\n\
            [extensions.broken.rename]\na = \"b\"\n[extensions.weather.rename]\na = \"b\"\n";
        let home = tempfile::tempdir().unwrap();
        for (name, manifest) in [("weather", "{\"name\":\"weather\",\"exec\":\"sh\"}"), ("broken", "{")] {
            std::fs::create_dir(home.path().join(name)).unwrap();
            std::fs::write(home.path().join(name).join("extension.json"), manifest).unwrap();
        }
        let user = vec![home.path().to_owned()];
        let places = wharf_extensions::discovery::Places { user, ..Default::default() };
        let found = wharf_extensions::discovery::discover(&places);
        assert_eq!(
            load(text).unwrap().renames_of_nobody(&found),
            ["[extensions.wether.rename] in config.toml: there is no extension \"wether\"; did you mean \
              \"weather\"?; mend or remove it"]
        );
    }

    #[test]
    fn a_wrong_type_names_its_line() {
        let error = load("\napprove = 3\n").unwrap_err();
        assert!(error.contains("config.toml: line 2, column 11: ") && !error.contains('\n'), "{error}");
        assert!(error.ends_with("or run with --no-config"), "{error}");
    }
}
