//! Guerdon: one server that gives a product credits, referrals and onboarding, each tenant's
//! generosity written as small Rhai scripts.
//!
//! The layers, from the top; each uses only those below it: `cli` → `app` → `http` → `graphql` →
//! `jobs` → `operations` → (`store`, `rules`) → `domain`.

pub mod app;
pub mod cli;
pub mod domain;
pub mod graphql;
pub mod http;
pub mod jobs;
pub mod operations;
pub mod rules;
pub mod store;
