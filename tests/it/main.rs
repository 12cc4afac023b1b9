//! The one integration test binary: stories through the real router, on both databases, and the
//! shape of the source.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may fall over")]

mod architecture;
mod examples;
mod properties;
mod schema;
