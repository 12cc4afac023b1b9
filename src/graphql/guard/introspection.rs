//! How much a question about the schema itself may bring. Its lists lead to one another, so a few
//! words can ask for everything many times over.

/// Where a selection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// In what the schema describes, not in the description.
    Data,
    /// In the description of all types: a list there is as long as on average.
    AllTypes,
    /// In the description of one type: a list there may be as long as the longest.
    OneType,
}

/// About how many types the schema has.
pub const TYPES: usize = 150;

impl Scope {
    /// Where the selections of this field stand, and how often each of them is answered.
    pub fn below(self, field: &str) -> (Self, usize) {
        match (self, field) {
            (Self::Data, "__schema" | "__type") => (Self::OneType, 1),
            (Self::Data, _) => (Self::Data, 1),
            (_, "types") => (Self::AllTypes, TYPES),
            (Self::AllTypes, "fields") => (Self::AllTypes, 5),
            (Self::AllTypes, "inputFields") => (Self::AllTypes, 2),
            (Self::AllTypes, "args" | "enumValues") => (Self::AllTypes, 1),
            (Self::OneType, "fields") => (Self::OneType, 20),
            (Self::OneType, "inputFields" | "enumValues") => (Self::OneType, 8),
            (Self::OneType, "args" | "directives") => (Self::OneType, 5),
            _ => (Self::OneType, 1),
        }
    }
}
