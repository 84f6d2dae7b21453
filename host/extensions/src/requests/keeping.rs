//! What is asked of the store, done.

use wharf_protocol::id::ExtensionId;
use wharf_protocol::request::{Reply, Request, RequestError, Scope};

use super::Answer;
use crate::store::{Owner, Store};

/// The scope of a request to the store.
pub(super) fn scope(request: &Request) -> Option<Scope> {
    match request {
        Request::StoreGet { scope, .. }
        | Request::StoreSet { scope, .. }
        | Request::StoreDelete { scope, .. }
        | Request::StoreKeys { scope, .. } => Some(*scope),
        _ => None,
    }
}

/// What a store says.
pub(super) fn answer(store: &Store, by: &ExtensionId, of: &Owner, request: Request) -> Answer {
    match request {
        Request::StoreGet { key, .. } => Ok(store.get(by, of, &key)?.map_or(Reply::Absent, Reply::Value)),
        Request::StoreSet { key, value, expected, .. } => {
            Ok(Reply::Stored { version: store.set(by, of, &key, &value, expected)? })
        }
        Request::StoreDelete { key, .. } => store.delete(by, of, &key).map(|()| Reply::Done),
        Request::StoreKeys { prefix, after, .. } => {
            Ok(Reply::Keys { keys: store.keys(by, of, &prefix, &after)? })
        }
        _ => Err(RequestError::unavailable("that is not kept in the store")),
    }
}
