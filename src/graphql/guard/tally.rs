//! What a part of a document adds to it.

use std::ops::Add;

/// What was counted in a part of a document, its fragments spread.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Fields and fragments.
    pub selections: usize,
    /// Fields with another name.
    pub aliases: usize,
    /// Directives.
    pub directives: usize,
    /// Fragments spread by their names.
    pub spreads: usize,
    /// Values of arguments.
    pub values: usize,
    /// Values that describe the schema itself.
    pub introspected: usize,
    /// The fields that one object is asked for: those of its selection set and of the fragments in it.
    pub fields_of_object: usize,
    /// How often one object is asked for its `__typename`.
    pub typenames_of_object: usize,
}

impl Add for Tally {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            selections: self.selections.saturating_add(other.selections),
            aliases: self.aliases.saturating_add(other.aliases),
            directives: self.directives.saturating_add(other.directives),
            spreads: self.spreads.saturating_add(other.spreads),
            values: self.values.saturating_add(other.values),
            introspected: self.introspected.saturating_add(other.introspected),
            fields_of_object: self.fields_of_object.saturating_add(other.fields_of_object),
            typenames_of_object: self.typenames_of_object.saturating_add(other.typenames_of_object),
        }
    }
}
