//! What a document may ask for.

use clap::Args;

use crate::http::DocumentLimits;

/// The limits of documents.
#[derive(Debug, Args)]
pub struct DocumentOptions {
    /// How long a document may be, in bytes.
    #[arg(long, env = "GUERDON_MAX_DOCUMENT_BYTES", default_value_t = DocumentLimits::default().text_bytes)]
    max_document_bytes: usize,
}

impl From<DocumentOptions> for DocumentLimits {
    fn from(given: DocumentOptions) -> Self {
        Self { text_bytes: given.max_document_bytes, ..Self::default() }
    }
}
