//! What a document may ask for.

use crate::domain::caller::Caller;
use crate::domain::refusal::Refusal;

/// The limits of documents. Every one is looked at before anything is executed. Where fragments are spread, a document is counted as it is then.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How long a document may be, in bytes.
    pub text_bytes: usize,
    /// How many names, numbers, texts, signs and ends of lines a document may have.
    pub tokens: usize,
    /// How long a name or a number in a document may be, in bytes.
    pub name_bytes: usize,
    /// How deep brackets may be nested: the parser calls itself for each.
    pub nesting: usize,
    /// How many operations and fragments a document may define.
    pub definitions: usize,
    /// How many variables a document may define.
    pub variables: usize,
    /// How many fields and fragments may be selected.
    pub selections: usize,
    /// How many fields may have other names.
    pub aliases: usize,
    /// How many directives there may be.
    pub directives: usize,
    /// How often fragments may be spread.
    pub spreads: usize,
    /// How many arguments one field may have.
    pub arguments: usize,
    /// How many values arguments may have, those of variables too, each time they are used. A text
    /// counts once more for each 32 bytes.
    pub values: usize,
    /// How many changes one document may ask for.
    pub mutations: usize,
    /// How deep fields may be nested. What tools ask of the schema itself is about 14 deep.
    pub depth: usize,
    /// How much a document may cost, in units: about one for each field of the answer.
    pub complexity: usize,
    /// How much may be asked of the schema itself, in values of the answer.
    pub introspected: usize,
    /// How many errors an answer tells of.
    pub errors: usize,
    /// Who may ask for the schema itself.
    pub introspection: Introspection,
}

/// Who may ask for the schema itself. Everyone may ask for `__typename`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Introspection {
    /// Whoever may call.
    Everyone,
    /// A tenant's administrators, and the operator.
    Admins,
    /// Nobody.
    Nobody,
}

impl Introspection {
    /// Refuses a caller who may not ask for the schema itself.
    pub fn admit(self, caller: &Caller) -> Result<(), Refusal> {
        match self {
            Self::Everyone => Ok(()),
            Self::Admins if caller.is_admin() => Ok(()),
            Self::Admins => Err(Refusal::forbidden(
                "Only admins may ask for the schema here: use an admin key, or the file schema.graphql.",
            )),
            Self::Nobody => Err(Refusal::forbidden(
                "Nobody may ask this server for its schema: use the file schema.graphql.",
            )),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            text_bytes: 64 * 1_024,
            tokens: 10_000,
            name_bytes: 255,
            nesting: 64,
            definitions: 100,
            variables: 250,
            selections: 5_000,
            aliases: 500,
            directives: 200,
            spreads: 500,
            arguments: 50,
            values: 30_000,
            mutations: 50,
            depth: 24,
            complexity: 25_000,
            introspected: 80_000,
            errors: 20,
            introspection: Introspection::Everyone,
        }
    }
}
