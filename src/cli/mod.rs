//! The commands of `guerdon`.

pub mod rules;
