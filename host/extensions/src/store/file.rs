//! The file of a store: its layout, and what is forgotten when it is opened.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, TransactionBehavior, params};

use crate::system::Directory;

/// How long a file is waited for that another agent is writing.
const BUSY: Duration = Duration::from_secs(2);
/// Values of a session whose agent was killed are kept for so long, in seconds.
const FORGOTTEN: i64 = 30 * 24 * 60 * 60;
/// The layout of the file.
const LAYOUT: i64 = 1;

pub(super) fn open(directory: &Path, name: &str) -> Result<Connection, rusqlite::Error> {
    // What is wrong with the directory shows when the file is opened.
    _ = Directory::make(directory);
    let mut connection = Connection::open(directory.join(name))?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "trusted_schema", false)?;
    let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let layout: i64 = change.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if layout == 0 {
        change.execute_batch(
            "CREATE TABLE entries (
                 scope TEXT NOT NULL, owner TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
                 bytes INTEGER NOT NULL, version INTEGER NOT NULL, touched INTEGER NOT NULL,
                 PRIMARY KEY (scope, owner, key)) WITHOUT ROWID;
             CREATE TABLE counter (next INTEGER NOT NULL);
             INSERT INTO counter VALUES (0);",
        )?;
        change.pragma_update(None, "user_version", LAYOUT)?;
    }
    if layout > LAYOUT {
        let why = format!("its layout is {layout}, of a later version; this one knows {LAYOUT}");
        return Err(rusqlite::Error::ToSqlConversionFailure(why.into()));
    }
    change.execute(
        "DELETE FROM entries WHERE scope = 'session' AND touched < ?1",
        params![now().saturating_sub(FORGOTTEN)],
    )?;
    change.commit()?;
    Ok(connection)
}

pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
