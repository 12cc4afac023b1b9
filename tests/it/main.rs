//! The one integration test binary: stories through the real router, on both databases, and the
//! shape of the source.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may fall over")]

mod architecture;
mod attacks;
mod backup;
mod browsers;
mod bundling;
mod command_line;
mod corners;
mod cut;
mod ending;
mod examples;
mod first_start;
mod harness;
mod import;
mod lane;
mod migrations;
mod moved_clock;
mod packages;
mod postgres;
mod processes;
mod properties;
mod readme;
mod roles;
mod rules_in_force;
mod schema;
mod seals;
mod stories;
mod torture;
mod watching;
