//! From a file to a running component: the cache, the compiler, the limits on the way.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]

mod cache;
mod limits;
mod quay;
