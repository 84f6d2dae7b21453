//! The key-value store of an extension: one SQLite file each, which several agents may use at once.
//!
//! The file lies where no extension is given a directory. What [`Store::set`] has written survives a crash of the
//! agent and of the machine.

mod file;
mod quota;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};
use wharf_protocol::id::ExtensionId;
use wharf_protocol::request::{RequestError, Scope, Value};

use crate::limits::StoreLimits;

/// Keys that one list has at most.
const PAGE: u32 = 1000;

/// The stores of all extensions of one agent. Every method waits for the disk: not for a thread of the runtime.
pub struct Store {
    directory: PathBuf,
    project: String,
    session: Mutex<String>,
    limits: StoreLimits,
    open: Mutex<HashMap<ExtensionId, Arc<Mutex<Connection>>>>,
}

/// Whose values they are: the user's, a project's, or a session's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    scope: Scope,
    name: String,
}

impl Store {
    /// Stores below a directory, for an agent that works in `project`, in a session with a name of its own. Touches
    /// nothing before a store is used.
    #[must_use]
    pub fn new(directory: PathBuf, project: &Path, session: String, limits: StoreLimits) -> Self {
        let project = project.to_string_lossy().into_owned();
        Self { directory, project, session: Mutex::new(session), limits, open: Mutex::default() }
    }

    /// Another session begins, and what was kept for the one before is gone.
    pub fn switch_session(&self, session: String) {
        let before = std::mem::replace(&mut *lock(&self.session), session);
        let open: Vec<_> = lock(&self.open).values().cloned().collect();
        for connection in open {
            // What cannot be removed now is removed when it has been forgotten.
            _ = lock(&connection)
                .execute("DELETE FROM entries WHERE scope = 'session' AND owner = ?1", params![before]);
        }
    }

    /// Reads a value.
    ///
    /// # Errors
    /// [`RequestError::Invalid`], [`RequestError::Unavailable`].
    pub fn get(&self, by: &ExtensionId, of: &Owner, key: &str) -> Result<Option<Value>, RequestError> {
        self.check_key(key)?;
        self.with(by, |connection| {
            let sql = "SELECT value, version FROM entries WHERE scope = ?1 AND owner = ?2 AND key = ?3";
            let mut statement = connection.prepare_cached(sql)?;
            let row = statement.query_row(params![of.scope.as_str(), of.name, key], |row| {
                Ok(Value { value: row.get(0)?, version: row.get::<_, i64>(1)?.unsigned_abs() })
            });
            Ok(row.optional()?)
        })
    }

    /// Writes a value, in any case or only over the version that is expected, and returns its new version.
    ///
    /// # Errors
    /// [`RequestError::Invalid`], [`RequestError::TooLarge`], [`RequestError::Full`], [`RequestError::Conflict`],
    /// [`RequestError::Unavailable`].
    pub fn set(
        &self,
        by: &ExtensionId,
        of: &Owner,
        key: &str,
        value: &str,
        expected: Option<u64>,
    ) -> Result<u64, RequestError> {
        self.check_key(key)?;
        self.check_value(value)?;
        self.with(by, |connection| {
            let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let sql = "SELECT version, bytes FROM entries WHERE scope = ?1 AND owner = ?2 AND key = ?3";
            let before: Option<(i64, i64)> = change
                .query_row(sql, params![of.scope.as_str(), of.name, key], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
                .optional()?;
            let version = before.map_or(0, |(version, _)| version);
            if expected.is_some_and(|expected| expected != version.unsigned_abs()) {
                return Err(RequestError::Conflict { version: version.unsigned_abs() }.into());
            }
            let bytes = size(key) + size(value);
            self.check_room(&change, bytes - before.map_or(0, |(_, bytes)| bytes), before.is_none())?;
            // Versions go on when a value was removed in between: an old one must not fit a new value.
            let next: i64 =
                change.query_row("UPDATE counter SET next = next + 1 RETURNING next", params![], |row| {
                    row.get(0)
                })?;
            change.execute(
                "INSERT OR REPLACE INTO entries (scope, owner, key, value, bytes, version, touched)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![of.scope.as_str(), of.name, key, value, bytes, next, file::now()],
            )?;
            change.commit()?;
            Ok(next.unsigned_abs())
        })
    }

    /// Removes a value; one that is not there is as good as removed.
    ///
    /// # Errors
    /// [`RequestError::Invalid`], [`RequestError::Unavailable`].
    pub fn delete(&self, by: &ExtensionId, of: &Owner, key: &str) -> Result<(), RequestError> {
        self.check_key(key)?;
        self.with(by, |connection| {
            let sql = "DELETE FROM entries WHERE scope = ?1 AND owner = ?2 AND key = ?3";
            connection.execute(sql, params![of.scope.as_str(), of.name, key])?;
            Ok(())
        })
    }

    /// Lists keys that begin so, behind another one, sorted.
    ///
    /// # Errors
    /// [`RequestError::Unavailable`].
    pub fn keys(
        &self,
        by: &ExtensionId,
        of: &Owner,
        prefix: &str,
        after: &str,
    ) -> Result<Vec<String>, RequestError> {
        self.with(by, |connection| {
            // As bytes: the length of a text ends at its first NUL.
            let sql = "SELECT key FROM entries
                       WHERE scope = ?1 AND owner = ?2 AND key > ?3 AND key >= ?4
                           AND substr(CAST(key AS BLOB), 1, length(CAST(?4 AS BLOB))) = CAST(?4 AS BLOB)
                       ORDER BY key LIMIT ?5";
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement
                .query_map(params![of.scope.as_str(), of.name, after, prefix, PAGE], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Whose values are meant by a scope now. What is asked for in one session does not land in the next.
    #[must_use]
    pub fn owner(&self, scope: Scope) -> Owner {
        let name = match scope {
            Scope::User => String::new(),
            Scope::Project => self.project.clone(),
            Scope::Session => lock(&self.session).clone(),
        };
        Owner { scope, name }
    }

    fn with<T>(
        &self,
        by: &ExtensionId,
        work: impl FnOnce(&mut Connection) -> Result<T, Trouble>,
    ) -> Result<T, RequestError> {
        let done =
            self.connection(by).map_err(Trouble::from).and_then(|connection| work(&mut lock(&connection)));
        done.map_err(|trouble| match trouble {
            Trouble::Refused(error) => error,
            Trouble::Failed(error) => {
                RequestError::unavailable(format!("the store of \"{by}\" cannot be used: {error}"))
            }
        })
    }

    fn connection(&self, by: &ExtensionId) -> Result<Arc<Mutex<Connection>>, rusqlite::Error> {
        if let Some(open) = lock(&self.open).get(by) {
            return Ok(open.clone());
        }
        let opened = Arc::new(Mutex::new(file::open(&self.directory, &format!("{by}.db"))?));
        Ok(lock(&self.open).entry(by.clone()).or_insert(opened).clone())
    }
}

/// Why something was not done.
enum Trouble {
    Refused(RequestError),
    Failed(rusqlite::Error),
}

impl From<RequestError> for Trouble {
    fn from(error: RequestError) -> Self {
        Self::Refused(error)
    }
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(error)
    }
}

fn size(text: &str) -> i64 {
    i64::try_from(text.len()).unwrap_or(i64::MAX)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
