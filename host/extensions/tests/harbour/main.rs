//! Extensions over a backend without anything behind it: how calls reach them, how they live, and how one
//! version takes the place of another.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]

mod dispatch;
mod fake;
mod harbour;
mod points;
mod reload;
mod supervision;
