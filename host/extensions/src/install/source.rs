//! Where an extension comes from.

use std::fmt;
use std::path::{Path, PathBuf};

use super::InstallError;

/// Longest name of a revision, in bytes.
const MAX_REVISION: usize = 200;

/// A source, as the user named it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A directory with an `extension.json`.
    Folder(PathBuf),
    /// A `.wasm` file.
    Component(PathBuf),
    /// A git repository.
    Git {
        /// Its address.
        url: String,
        /// A branch, a tag or a commit; none: what its `HEAD` names.
        revision: Option<String>,
    },
}

impl Source {
    /// Reads what the user wrote: a path, or the address of a repository, which may end with `#REVISION`.
    ///
    /// # Errors
    /// [`InstallError::Refused`] tells what can be installed instead.
    pub fn parse(text: &str, revision: Option<&str>) -> Result<Self, InstallError> {
        if is_address(text) {
            return git(text, revision);
        }
        let path = Path::new(text);
        let refuse = |why: &str| Err(InstallError::refused(text, why));
        let local = match path.metadata() {
            Ok(data) if data.is_dir() && path.join("extension.json").exists() => {
                Self::Folder(path.to_owned())
            }
            // A repository without a working tree, or with one that holds no manifest yet.
            Ok(data) if data.is_dir() && is_repository(path, text) => {
                let path = path.canonicalize().map_err(InstallError::at(path))?;
                return git(&format!("file://{}", path.display()), revision);
            }
            Ok(data) if data.is_dir() => {
                return refuse(
                    "there is no extension.json in it, so it is no extension; name the directory that has one",
                );
            }
            Ok(data) if data.is_file() && path.extension().is_some_and(|ending| ending == "wasm") => {
                Self::Component(path.to_owned())
            }
            Ok(data) if data.is_file() => {
                return refuse(
                    "it is neither a directory with an extension.json nor a .wasm file; \
                     put a program into a directory whose extension.json names it as \"exec\"",
                );
            }
            Ok(_) => return refuse("it is neither a directory nor a regular file; name one that is"),
            Err(_) if text.ends_with(".git") || text.contains(".git#") => return git(text, revision),
            Err(error) => {
                let next =
                    "check the path; a repository is named by its address (https://, ssh://, git@, file://)";
                return refuse(&format!("{error}; {next}"));
            }
        };
        match revision {
            None => Ok(local),
            Some(_) => refuse("a revision is for git repositories; file://PATH names one on this machine"),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) | Self::Component(path) => path.display().fmt(f),
            Self::Git { url, .. } => f.write_str(url),
        }
    }
}

fn is_address(text: &str) -> bool {
    text.contains("://") || text.starts_with("git@")
}

fn is_repository(path: &Path, text: &str) -> bool {
    text.ends_with(".git") && path.join("objects").is_dir()
}

fn git(text: &str, revision: Option<&str>) -> Result<Source, InstallError> {
    let refuse = |why: &str| Err(InstallError::refused(text, why));
    let (url, inside) = match text.split_once('#') {
        Some((url, inside)) => (url, Some(inside)),
        None => (text, None),
    };
    if let Some((scheme, rest)) = url.split_once("://") {
        if !["https", "ssh", "file"].contains(&scheme) {
            return refuse("repositories are fetched from https://, ssh:// and file:// alone");
        }
        let account = rest.split('/').next().and_then(|host| host.rsplit_once('@'));
        if account.is_some_and(|(account, _)| account.contains(':')) {
            let why = "leave the password out of the address, which is written down; git's credential helper keeps it";
            // The address itself is not shown: it holds the password.
            return Err(InstallError::refused(format!("{scheme}://…"), why));
        }
    }
    // Two colons name a program that git is to start.
    if url.starts_with('-') || url.contains("::") || url.chars().any(|c| c.is_control() || c.is_whitespace())
    {
        return refuse("it is no address of a repository");
    }
    let revision = match (inside, revision) {
        (Some(inside), Some(other)) if inside != other => {
            return refuse("two different revisions are named, in the address and with --rev");
        }
        (inside, other) => other.or(inside).map(ToOwned::to_owned),
    };
    if revision.as_deref().is_some_and(|revision| !is_revision(revision)) {
        return refuse("the revision must be the name of a branch or a tag, or a commit id");
    }
    Ok(Source::Git { url: url.to_owned(), revision })
}

/// A plain name: nothing that git could take for an option, a range or a mapping of names.
fn is_revision(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._/-+".contains(c);
    let starts = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    starts && text.len() <= MAX_REVISION && text.chars().all(plain) && !text.contains("..")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str, revision: Option<&str>) -> Result<Source, String> {
        Source::parse(text, revision).map_err(|error| error.to_string())
    }

    #[test]
    fn addresses_and_their_revisions() {
        let git = |url: &str, revision: Option<&str>| {
            Ok(Source::Git { url: url.to_owned(), revision: revision.map(ToOwned::to_owned) })
        };
        assert_eq!(parsed("https://example.org/x", None), git("https://example.org/x", None));
        assert_eq!(parsed("git@example.org:x.git#v1", None), git("git@example.org:x.git", Some("v1")));
        assert_eq!(
            parsed("ssh://git@example.org/x", Some("main")),
            git("ssh://git@example.org/x", Some("main"))
        );
        assert_eq!(parsed("example.org:x.git", None), git("example.org:x.git", None));
        assert_eq!(parsed("file:///x#a", Some("a")), git("file:///x", Some("a")));
    }

    #[test]
    fn what_git_could_misunderstand_is_refused() {
        for (text, revision) in [
            ("ext::sh -c date://x", None),
            ("http://example.org/x.git", None),
            ("https://example.org/x", Some("--upload-pack=date")),
            ("https://example.org/x", Some("a:b")),
            ("https://example.org/x", Some("a..b")),
            ("https://example.org/x", Some("")),
            ("https://example.org/x#a", Some("b")),
            ("-x.git", None),
            ("ext::date.git", None),
            ("https://me:secret@example.org/x", None),
        ] {
            let error = parsed(text, revision).unwrap_err();
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn paths_are_looked_at() {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name).display().to_string();
        std::fs::create_dir(at("empty")).unwrap();
        std::fs::write(at("run.sh"), "").unwrap();
        std::fs::write(at("x.wasm"), "").unwrap();
        assert!(parsed(&at("empty"), None).unwrap_err().contains("no extension.json"));
        assert!(parsed(&at("run.sh"), None).unwrap_err().contains("\"exec\""));
        assert!(parsed(&at("nowhere"), None).unwrap_err().contains("nowhere"));
        assert_eq!(parsed(&at("x.wasm"), None), Ok(Source::Component(at("x.wasm").into())));
        assert!(parsed(&at("x.wasm"), Some("v1")).unwrap_err().contains("git"));
    }
}
