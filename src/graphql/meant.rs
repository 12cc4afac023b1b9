//! Which operation of a document is to be executed.

use async_graphql::Name;
use async_graphql::parser::types::{ExecutableDocument, OperationDefinition};

/// Is an operation of this name meant, by whoever names `wanted`? Who names none means any.
pub fn is_meant(name: Option<&Name>, wanted: Option<&str>) -> bool {
    wanted.is_none() || wanted == name.map(Name::as_str)
}

/// The operations that are meant. Where that is not one, none will be executed.
pub fn meant<'d>(
    document: &'d ExecutableDocument,
    wanted: Option<&str>,
) -> impl Iterator<Item = &'d OperationDefinition> {
    let operations = document.operations.iter();
    operations
        .filter(move |(name, _)| is_meant(*name, wanted))
        .map(|(_, operation)| &operation.node)
}
