//! What a document may ask for.

/// The limits of documents. Every one is looked at before anything is executed.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How long a document may be, in bytes.
    pub text_bytes: usize,
    /// How deep brackets may be nested; the parser calls itself once for each.
    pub nesting: usize,
    /// How many selections a document may have when its fragments are spread out.
    pub selections: usize,
    /// How deep a document may go. What tools ask of the schema itself is about 14 deep.
    pub depth: usize,
    /// How much a document may cost.
    pub complexity: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            text_bytes: 256 * 1_024,
            nesting: 64,
            selections: 2_000,
            depth: 24,
            complexity: 2_000,
        }
    }
}
