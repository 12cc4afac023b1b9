//! Seals by which a changed event is seen, and the mark of a test database.

pub const ADDED: &[&str] = &[];
