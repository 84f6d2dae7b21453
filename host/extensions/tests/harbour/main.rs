//! Extensions over a backend without anything behind it: how calls reach them, and how they live.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]

mod dispatch;
mod fake;
mod points;
mod supervision;
