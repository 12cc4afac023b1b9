//! Work that the clock or the disk asks for, not a caller. Each job is idempotent and resumable: two
//! servers may do it at once, and a crash in the middle loses nothing.

pub mod again;
pub mod forget;
pub mod measure;
pub mod provision;
pub mod sweep;
pub mod uses;
pub mod watch;
