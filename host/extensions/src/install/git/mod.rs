//! What lies in a repository at a revision. The files are taken out of git's own store, one by one: there is no working
//! tree, so that no hook, no filter and no submodule has a place in it, and no link is followed.

mod blob;
mod command;
mod listing;

pub(super) use blob::{Blob, BlobKind};

use std::path::Path;
use std::time::Duration;

use tokio::time::timeout;

use super::InstallError;

/// How long all of it may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// Most that is fetched, in bytes, and how often that is looked at.
const MAX_FETCHED: u64 = 256 << 20;
const LOOK: Duration = Duration::from_millis(200);

/// A commit, and the files in it.
pub(super) struct Snapshot {
    /// Its full id.
    pub(super) commit: String,
    pub(super) files: Vec<Blob>,
}

/// Fetches a revision into a repository of its own, which is made, and reads what lies in it.
pub(super) async fn fetch(
    url: &str,
    revision: Option<&str>,
    repository: &Path,
    withhold: &[String],
) -> Result<Snapshot, InstallError> {
    let git = Git { url, repository, withhold };
    // Each program is killed with all that it has started when it is not waited for any more.
    let work = async {
        tokio::select! {
            snapshot = git.snapshot(revision) => snapshot,
            error = git.outgrown() => Err(error),
        }
    };
    timeout(PATIENCE, work)
        .await
        .unwrap_or_else(|_| Err(git.failed(format!("it took more than {} s", PATIENCE.as_secs()))))
}

struct Git<'a> {
    url: &'a str,
    repository: &'a Path,
    withhold: &'a [String],
}

impl Git<'_> {
    async fn snapshot(&self, revision: Option<&str>) -> Result<Snapshot, InstallError> {
        let directory = self.repository.display().to_string();
        self.ask(&["init", "--quiet", "--bare", "--template=", "--", &directory]).await?;
        let commit = self.resolve(revision).await?;
        let listing = self.ask(&["ls-tree", "-r", "-z", "-l", "--full-tree", &commit]).await?;
        let listed = listing::read(&listing, self.url)?;
        let files = self.contents(listed).await?;
        Ok(Snapshot { commit, files })
    }

    /// Ends when the repository has become larger than anything that could be an extension: git knows no such limit.
    async fn outgrown(&self) -> InstallError {
        let packs = self.repository.join("objects/pack");
        loop {
            tokio::time::sleep(LOOK).await;
            let files = std::fs::read_dir(&packs).into_iter().flatten().flatten();
            let sizes = files.filter_map(|file| file.metadata().ok()).map(|data| data.len());
            if sizes.sum::<u64>() > MAX_FETCHED {
                let why =
                    format!("it is larger than {} MiB; it is not an extension alone", MAX_FETCHED >> 20);
                return self.failed(why);
            }
        }
    }

    /// Fetches the revision, and returns the full id of its commit.
    async fn resolve(&self, revision: Option<&str>) -> Result<String, InstallError> {
        let wanted = revision.unwrap_or("HEAD");
        let fetch = ["fetch", "--quiet", "--no-tags", "--no-recurse-submodules"];
        let shallow = [&fetch[..], &["--depth=1", "--", self.url, wanted]].concat();
        let name = match self.ask(&shallow).await {
            Ok(_) => "FETCH_HEAD".to_owned(),
            // Not every server hands out single commits, and none knows a shortened id: then all is fetched.
            Err(_) if is_id(wanted) => {
                let all = ["--", self.url, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];
                self.ask(&[&fetch[..], &all].concat()).await?;
                wanted.to_owned()
            }
            Err(error) => return Err(error),
        };
        let name = format!("{name}^{{commit}}");
        let answer = self.ask(&["rev-parse", "--verify", "--quiet", "--end-of-options", &name]).await;
        let commit = answer.map_err(|_| self.failed(format!("there is no revision {wanted}")))?;
        let commit = String::from_utf8_lossy(&commit).trim().to_owned();
        if !is_id(&commit) || (is_id(wanted) && wanted.len() == commit.len() && wanted != commit) {
            return Err(self.failed(format!("the revision {wanted} is the commit {commit:?} there")));
        }
        Ok(commit)
    }

    fn failed(&self, why: String) -> InstallError {
        InstallError::Fetch { url: self.url.to_owned(), why }
    }
}

fn is_id(text: &str) -> bool {
    (4..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}
