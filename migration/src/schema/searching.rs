//! Finding users by the beginning of a text.

pub const ADDED: &[&str] = &[];
