//! What a document may ask for.

use clap::{Args, ValueEnum};

use crate::http::{DocumentLimits as Limits, Introspection};

/// The limits of documents. They are meant for what clients of people ask; beyond each, a document is
/// refused before it is executed.
#[derive(Debug, Args)]
pub struct DocumentOptions {
    /// How long a document may be, in bytes.
    #[arg(long, env = "GUERDON_MAX_DOCUMENT_BYTES", default_value_t = Limits::default().text_bytes)]
    max_document_bytes: usize,
    /// How many names, numbers, texts, signs and ends of lines a document may have.
    #[arg(long, env = "GUERDON_MAX_TOKENS", default_value_t = Limits::default().tokens)]
    max_tokens: usize,
    /// How long a name or a number in a document may be, in bytes.
    #[arg(long, env = "GUERDON_MAX_NAME_BYTES", default_value_t = Limits::default().name_bytes)]
    max_name_bytes: usize,
    /// How deep a document's brackets may be nested.
    #[arg(long, env = "GUERDON_MAX_NESTING", default_value_t = Limits::default().nesting, value_parser = nesting)]
    max_nesting: usize,
    /// How many operations and fragments a document may define.
    #[arg(long, env = "GUERDON_MAX_DEFINITIONS", default_value_t = Limits::default().definitions)]
    max_definitions: usize,
    /// How many variables a document may define.
    #[arg(long, env = "GUERDON_MAX_VARIABLES", default_value_t = Limits::default().variables)]
    max_variables: usize,
    /// How many fields and fragments a document may select, its fragments spread.
    #[arg(long, env = "GUERDON_MAX_SELECTIONS", default_value_t = Limits::default().selections)]
    max_selections: usize,
    /// How many fields may have another name, fragments spread.
    #[arg(long, env = "GUERDON_MAX_ALIASES", default_value_t = Limits::default().aliases)]
    max_aliases: usize,
    /// How many directives there may be, fragments spread.
    #[arg(long, env = "GUERDON_MAX_DIRECTIVES", default_value_t = Limits::default().directives)]
    max_directives: usize,
    /// How often fragments may be spread.
    #[arg(long, env = "GUERDON_MAX_SPREADS", default_value_t = Limits::default().spreads)]
    max_spreads: usize,
    /// How many arguments one field may have.
    #[arg(long, env = "GUERDON_MAX_ARGUMENTS", default_value_t = Limits::default().arguments)]
    max_arguments: usize,
    /// How many values arguments and variables may have, each time they are used; a text counts once
    /// more for each 32 bytes.
    #[arg(long, env = "GUERDON_MAX_VALUES", default_value_t = Limits::default().values)]
    max_values: usize,
    /// How many changes one document may ask for.
    #[arg(long, env = "GUERDON_MAX_MUTATIONS", default_value_t = Limits::default().mutations)]
    max_mutations: usize,
    /// How deep fields may be nested; what tools ask of the schema is 15 deep.
    #[arg(long, env = "GUERDON_MAX_DEPTH", default_value_t = Limits::default().depth, value_parser = nesting)]
    max_depth: usize,
    /// How much a document may cost: about one unit for each field of its answer, a page by its size.
    #[arg(long, env = "GUERDON_MAX_COST", default_value_t = Limits::default().complexity)]
    max_cost: usize,
    /// How much may be asked of the schema itself, in values of the answer.
    #[arg(long, env = "GUERDON_MAX_INTROSPECTED", default_value_t = Limits::default().introspected)]
    max_introspected: usize,
    /// How many errors an answer tells of.
    #[arg(long, env = "GUERDON_MAX_ERRORS", default_value_t = Limits::default().errors)]
    max_errors: usize,
    /// Who may ask for the schema itself; everyone may ask for `__typename`.
    #[arg(long, env = "GUERDON_INTROSPECTION", default_value = "everyone")]
    introspection: Who,
}

/// Reading and executing call themselves for each level, so even an operator's wish has an end.
fn nesting(text: &str) -> Result<usize, String> {
    let wanted = text.parse().ok().filter(|levels| (1..=DEEPEST).contains(levels));
    wanted.ok_or_else(|| format!("give a number of levels, 1 to {DEEPEST}"))
}

/// So deep a document can be read without using up a thread's stack.
const DEEPEST: usize = 64;

/// Who may ask for the schema itself.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Who {
    Everyone,
    Admins,
    Nobody,
}

impl From<DocumentOptions> for Limits {
    fn from(given: DocumentOptions) -> Self {
        Self {
            text_bytes: given.max_document_bytes,
            tokens: given.max_tokens,
            name_bytes: given.max_name_bytes,
            nesting: given.max_nesting,
            definitions: given.max_definitions,
            variables: given.max_variables,
            selections: given.max_selections,
            aliases: given.max_aliases,
            directives: given.max_directives,
            spreads: given.max_spreads,
            arguments: given.max_arguments,
            values: given.max_values,
            mutations: given.max_mutations,
            depth: given.max_depth,
            complexity: given.max_cost,
            introspected: given.max_introspected,
            errors: given.max_errors,
            introspection: match given.introspection {
                Who::Everyone => Introspection::Everyone,
                Who::Admins => Introspection::Admins,
                Who::Nobody => Introspection::Nobody,
            },
        }
    }
}
