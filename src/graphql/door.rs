//! The way in: a request is looked at, read, and only then executed, over HTTP and sockets alike.

use std::panic::AssertUnwindSafe;

use async_graphql::futures_util::FutureExt;
use async_graphql::futures_util::stream::{BoxStream, StreamExt};
use async_graphql::parser::parse_query;
use async_graphql::parser::types::{ExecutableDocument, OperationType, Selection};
use async_graphql::{Request, Response, ServerError};

use super::error::{self, PARSE_FAILED, TOO_COMPLEX, VALIDATION_FAILED, finish};
use super::limits::{Introspection, Limits};
use super::meant::meant;
use super::{ApiSchema, absent, given, guard, loaders, unmeant};
use crate::domain::refusal::Refusal;
use crate::operations::Call;

/// A request whose document was read and found harmless.
pub struct Document {
    request: Request,
    kind: OperationType,
    name: Option<String>,
    /// Who may send it, where it asks for the schema itself.
    introspection: Introspection,
    /// How many errors its answer tells of.
    max_errors: usize,
}

impl Document {
    /// Reads a request's document; an answer with the error when it is hostile or no GraphQL.
    pub fn read(mut request: Request, limits: &Limits) -> Result<Self, Box<Response>> {
        let too_complex = |message| Box::new(error::document_error(TOO_COMPLEX, message));
        guard::check_text(&request.query, limits).map_err(too_complex)?;
        let mut document = parse(&request.query)?;
        let looked = guard::check_document(&document, &request.variables, limits);
        let introspects = looked.map_err(too_complex)?.introspects;
        guard::check_types(&document)
            .map_err(|message| Box::new(error::document_error(VALIDATION_FAILED, message)))?;
        let name = request.operation_name.as_deref();
        let kind = kind_of(&document, name);
        if kind == OperationType::Subscription && !selects_one_field(&document) {
            let message = "A subscription selects exactly one field, and not by a fragment.";
            return Err(Box::new(error::document_error(VALIDATION_FAILED, message)));
        }
        given::check_given(&document, name, &request.variables)?;
        absent::leave_out_absent(&mut document, name, &request.variables);
        unmeant::give_values(&document, name, &mut request.variables);
        let name = name.map_or_else(|| name_of(&document), |name| Some(name.to_owned()));
        request.set_parsed_query(document);
        let introspection =
            if introspects { limits.introspection } else { Introspection::Everyone };
        Ok(Self { request, kind, name, introspection, max_errors: limits.errors })
    }

    /// The name of the operation that is to be executed, when it has one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Does the operation that is to be executed change anything?
    #[must_use]
    pub fn is_mutation(&self) -> bool {
        self.kind == OperationType::Mutation
    }

    /// Is the operation that is to be executed a subscription?
    #[must_use]
    pub fn is_subscription(&self) -> bool {
        self.kind == OperationType::Subscription
    }
}

fn parse(text: &str) -> Result<ExecutableDocument, Box<Response>> {
    parse_query(text).map_err(|error| {
        let mut error = ServerError::from(error);
        error::shorten(&mut error.message);
        error.extensions.get_or_insert_default().set("code", PARSE_FAILED);
        Box::new(Response::from_errors(vec![error]))
    })
}

/// The name of the one operation of a document.
fn name_of(document: &ExecutableDocument) -> Option<String> {
    document.operations.iter().next().and_then(|(name, _)| name.map(ToString::to_string))
}

/// The kind of the operation that is to be executed. Where it is not clear which is meant, the kind
/// that asks for most care; it will not be executed then.
fn kind_of(document: &ExecutableDocument, operation_name: Option<&str>) -> OperationType {
    let kinds: Vec<_> = meant(document, operation_name).map(|operation| operation.ty).collect();
    let first_of = [OperationType::Mutation, OperationType::Subscription];
    first_of.into_iter().find(|kind| kinds.contains(kind)).unwrap_or(OperationType::Query)
}

/// Does every subscription of the document select one field? Each field would be watched by itself.
fn selects_one_field(document: &ExecutableDocument) -> bool {
    let mut operations = document.operations.iter().map(|(_, operation)| &operation.node);
    operations.all(|operation| {
        let items = &operation.selection_set.node.items;
        let is_field = |item: &Selection| matches!(item, Selection::Field(_));
        operation.ty != OperationType::Subscription
            || (items.len() == 1 && items.iter().all(|item| is_field(&item.node)))
    })
}

/// Executes a document for a call, and gives the one answer that it has.
pub async fn run(schema: &ApiSchema, document: Document, call: Call) -> Response {
    let call = call.anew();
    if document.is_subscription() {
        let message =
            "A subscription needs a socket: open /graphql/ws in the protocol graphql-transport-ws.";
        return error::refused(&Refusal::bad_input(message), &call.request_id);
    }
    if let Err(refusal) = document.introspection.admit(&call.caller) {
        return error::refused(&refusal, &call.request_id);
    }
    let max_errors = document.max_errors;
    let executed = AssertUnwindSafe(schema.execute(prepare(document, call.clone())));
    let Ok(answer) = executed.catch_unwind().await else {
        return error::refused(&Refusal::internal("a request panicked"), &call.request_id);
    };
    let answer = error::after_change(answer, |field| call.has_done(field));
    finish(answer, &call.request_id, max_errors)
}

/// Gives the request its call and its loaders.
fn prepare(document: Document, call: Call) -> Request {
    let loaders = loaders::loaders(&call);
    document.request.data(call).data(loaders)
}

/// Executes a subscription's document for a call, and gives the answers that come.
pub fn subscribe(
    schema: &ApiSchema,
    document: Document,
    call: Call,
) -> BoxStream<'static, Response> {
    let call = call.anew();
    let (request_id, max_errors) = (call.request_id.clone(), document.max_errors);
    let answers = schema.execute_stream(prepare(document, call));
    answers.map(move |answer| finish(answer, &request_id, max_errors)).boxed()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<OperationType, String> {
        match Document::read(Request::new(text), &Limits::default()) {
            Ok(document) => Ok(document.kind),
            Err(response) => Err(response.errors[0].message.clone()),
        }
    }

    #[test]
    fn a_subscription_selects_one_field() {
        assert_eq!(read("subscription { a { b c } }"), Ok(OperationType::Subscription));
        assert_eq!(read("query { a b }"), Ok(OperationType::Query));
        assert_eq!(read("query A { a } mutation B { b }"), Ok(OperationType::Mutation));
        for many in [
            "subscription { a: x b: x }",
            "subscription { ...F } fragment F on Subscription { x }",
            "subscription { ... { x } }",
            "query A { x } subscription B { x y }",
        ] {
            assert!(read(many).unwrap_err().contains("exactly one field"), "{many}");
        }
    }
}
