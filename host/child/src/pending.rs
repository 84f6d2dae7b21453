//! Calls that wait for an answer, by id.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use thiserror::Error;
use tokio::sync::oneshot;

/// Makes ids for calls: 12 decimal digits, as peers are used to, and no two alike.
#[derive(Debug, Default)]
pub struct Ids(AtomicU64);

impl Ids {
    /// The next id.
    pub fn next(&self) -> String {
        let number = self.0.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        format!("{:012}", number % 1_000_000_000_000)
    }
}

/// The calls of one kind that wait for an answer `R`; `C` is the cause for which all of them may fail at once.
#[derive(Debug)]
pub struct Pending<R, C> {
    table: Arc<Mutex<Table<R, C>>>,
    limit: usize,
}

#[derive(Debug)]
struct Table<R, C> {
    waiting: HashMap<String, oneshot::Sender<Result<R, C>>>,
    /// Why no answer will come any more.
    closed: Option<C>,
}

/// Why a call may not wait.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refused<C> {
    /// No answer will come any more; the first cause given to [`Pending::fail_all`].
    #[error("no answer will come: {0}")]
    Closed(C),
    /// Too many wait already.
    #[error("{waiting} calls are waiting already")]
    Full {
        /// How many.
        waiting: usize,
    },
}

impl<R, C: Clone> Pending<R, C> {
    /// A table in which at most `limit` calls wait.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        let table = Table { waiting: HashMap::new(), closed: None };
        Self { table: Arc::new(Mutex::new(table)), limit }
    }

    /// Lets a call wait. To be done before the call is sent, so that no answer can come too early.
    ///
    /// # Errors
    /// [`Refused`]; the call is not to be sent then.
    pub fn register(&self, id: String) -> Result<Waiting<R, C>, Refused<C>> {
        let mut table = lock(&self.table);
        if let Some(cause) = &table.closed {
            return Err(Refused::Closed(cause.clone()));
        }
        let waiting = table.waiting.len();
        if waiting >= self.limit {
            return Err(Refused::Full { waiting });
        }
        let (sender, answer) = oneshot::channel();
        table.waiting.insert(id.clone(), sender);
        drop(table);
        Ok(Waiting { id, answer, table: Arc::clone(&self.table) })
    }

    /// Hands an answer to the call that waits for it.
    ///
    /// # Errors
    /// The answer, when nobody waits under this id (any more).
    pub fn resolve(&self, id: &str, answer: R) -> Result<(), R> {
        // The lock is held until the answer is handed over: a waiter that gives up meanwhile waits for the lock, and
        // an answer to a call that is in the table is never lost.
        let mut table = lock(&self.table);
        let Some(sender) = table.waiting.remove(id) else { return Err(answer) };
        let _ = sender.send(Ok(answer));
        Ok(())
    }

    /// Ends one call: its answer came and cannot be used. Says whether anybody waited.
    pub fn fail(&self, id: &str, cause: C) -> bool {
        let mut table = lock(&self.table);
        let Some(sender) = table.waiting.remove(id) else { return false };
        let _ = sender.send(Err(cause));
        true
    }

    /// Ends the one call that waits, for an answer of which it is not known whose it is. With several nothing happens.
    /// Says whether one waited.
    pub fn fail_only(&self, cause: C) -> bool {
        let mut table = lock(&self.table);
        if table.waiting.len() != 1 {
            return false;
        }
        let only = table.waiting.drain().next();
        only.is_some_and(|(_, sender)| sender.send(Err(cause)).is_ok())
    }

    /// Ends all waiting at once. Whoever registers later is refused with the first cause that was given.
    pub fn fail_all(&self, cause: &C) {
        self.close(cause, cause);
    }

    /// The same with another cause for those that wait: what they asked may have been begun.
    pub fn close(&self, waiting_cause: &C, later: &C) {
        let mut table = lock(&self.table);
        let first = table.closed.is_none();
        let closed = table.closed.get_or_insert_with(|| later.clone()).clone();
        let cause = if first { waiting_cause.clone() } else { closed };
        let waiting = std::mem::take(&mut table.waiting);
        drop(table);
        for sender in waiting.into_values() {
            // Gone in the meantime: then nobody needs the cause.
            let _ = sender.send(Err(cause.clone()));
        }
    }

    /// How many wait.
    #[must_use]
    pub fn len(&self) -> usize {
        lock(&self.table).waiting.len()
    }

    /// Whether none waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A call that waits. When it is dropped it is forgotten: an answer that comes later finds nobody.
#[derive(Debug)]
pub struct Waiting<R, C> {
    id: String,
    answer: oneshot::Receiver<Result<R, C>>,
    table: Arc<Mutex<Table<R, C>>>,
}

impl<R, C> Waiting<R, C> {
    /// The id under which it waits.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Waits, without a limit of its own, for the answer or the cause for which none will come.
    pub async fn answer(mut self) -> Result<R, C> {
        match (&mut self.answer).await {
            Ok(answer) => answer,
            // The table, which this call keeps alive, drops no sender without a word.
            Err(_) => std::future::pending().await,
        }
    }
}

impl<R, C> Drop for Waiting<R, C> {
    fn drop(&mut self) {
        lock(&self.table).waiting.remove(&self.id);
    }
}

fn lock<R, C>(table: &Mutex<Table<R, C>>) -> MutexGuard<'_, Table<R, C>> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}
