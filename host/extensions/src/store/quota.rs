//! How much may be kept: of one value, and of all of an extension.

use rusqlite::{Transaction, params};
use wharf_protocol::request::{Request, RequestError};

use super::{Store, Trouble};

impl Store {
    /// Whether a request keeps the limits of keys and values.
    ///
    /// # Errors
    /// [`RequestError::Invalid`], [`RequestError::TooLarge`].
    pub fn check(&self, request: &Request) -> Result<(), RequestError> {
        match request {
            Request::StoreGet { key, .. } | Request::StoreDelete { key, .. } => self.check_key(key),
            Request::StoreSet { key, value, .. } => {
                self.check_key(key)?;
                self.check_value(value)
            }
            Request::StoreKeys { prefix, after, .. } => {
                let limit = self.limits.key.count();
                match prefix.len() > limit || after.len() > limit {
                    true => Err(RequestError::invalid(format!("a key has at most {limit} bytes"))),
                    false => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    pub(super) fn check_value(&self, value: &str) -> Result<(), RequestError> {
        let limit = self.limits.value;
        if value.len() > limit.count() {
            return Err(RequestError::TooLarge { limit: limit.wide() });
        }
        Ok(())
    }

    pub(super) fn check_key(&self, key: &str) -> Result<(), RequestError> {
        let limit = self.limits.key.count();
        if key.is_empty() || key.len() > limit {
            return Err(RequestError::invalid(format!("a key has 1 to {limit} bytes")));
        }
        Ok(())
    }

    pub(super) fn check_room(
        &self,
        change: &Transaction<'_>,
        more: i64,
        is_new: bool,
    ) -> Result<(), Trouble> {
        if more <= 0 && !is_new {
            return Ok(());
        }
        let (keys, bytes): (i64, i64) =
            change.query_row("SELECT count(*), ifnull(sum(bytes), 0) FROM entries", params![], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        let full =
            |of: String| Err(RequestError::Full { message: format!("the store is full: {of}") }.into());
        if is_new && keys >= i64::from(self.limits.keys) {
            return full(format!("{keys} keys"));
        }
        let limit = self.limits.total;
        if bytes.saturating_add(more).unsigned_abs() > limit.wide() {
            return full(format!("{bytes} of {} bytes", limit.wide()));
        }
        Ok(())
    }
}
