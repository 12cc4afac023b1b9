//! The way in: a request is looked at, read, and only then executed, over HTTP and sockets alike.

use std::sync::Arc;

use async_graphql::futures_util::stream::{BoxStream, StreamExt};
use async_graphql::parser::parse_query;
use async_graphql::parser::types::{ExecutableDocument, OperationType};
use async_graphql::{Data, Executor, Request, Response, ServerError};

use super::error::{self, PARSE_FAILED, TOO_COMPLEX, finish};
use super::{ApiSchema, absent, guard, loaders};
use crate::domain::refusal::Refusal;
use crate::operations::Call;

/// A request whose document was read and found harmless.
pub struct Document {
    request: Request,
    is_mutation: bool,
}

impl Document {
    /// Reads a request's document; an answer with the error when it is hostile or no GraphQL.
    pub fn read(mut request: Request) -> Result<Self, Box<Response>> {
        let too_complex = |message| Box::new(error::document_error(TOO_COMPLEX, message));
        guard::check_text(&request.query).map_err(too_complex)?;
        let mut document = parse(&request.query)?;
        guard::check_document(&document).map_err(too_complex)?;
        let name = request.operation_name.as_deref();
        let is_mutation = is_mutation(&document, name);
        absent::leave_out_absent(&mut document, name, &request.variables);
        request.set_parsed_query(document);
        Ok(Self { request, is_mutation })
    }

    /// Does the operation that is to be executed change anything?
    #[must_use]
    pub const fn is_mutation(&self) -> bool {
        self.is_mutation
    }
}

fn parse(text: &str) -> Result<ExecutableDocument, Box<Response>> {
    parse_query(text).map_err(|error| {
        let mut error = ServerError::from(error);
        error.extensions.get_or_insert_default().set("code", PARSE_FAILED);
        Box::new(Response::from_errors(vec![error]))
    })
}

fn is_mutation(document: &ExecutableDocument, operation_name: Option<&str>) -> bool {
    document.operations.iter().any(|(name, operation)| {
        let meant = operation_name.is_none() || operation_name == name.map(|name| name.as_str());
        meant && operation.node.ty != OperationType::Query
    })
}

/// Executes a document for a call.
pub async fn run(schema: &ApiSchema, document: Document, call: Call) -> Response {
    call.forget_in_force().await;
    let request_id = call.request_id.clone();
    let loaders = loaders::loaders(&call);
    let request = document.request.data(call).data(loaders);
    finish(schema.execute(request).await, &request_id)
}

/// The way in for a socket: its session brings the call, as it was when the socket opened.
#[derive(Clone)]
pub struct Door(pub ApiSchema);

impl Door {
    async fn answer(self, request: Request, call: Option<Call>) -> Response {
        let Some(call) = call else {
            let refusal = Refusal::internal("a socket executes without a call");
            return error::refused(&refusal, "");
        };
        match Document::read(request) {
            Ok(document) => run(&self.0, document, call).await,
            Err(response) => *response,
        }
    }
}

impl Executor for Door {
    async fn execute(&self, request: Request) -> Response {
        self.clone().answer(request, None).await
    }

    fn execute_stream(
        &self,
        request: Request,
        session_data: Option<Arc<Data>>,
    ) -> BoxStream<'static, Response> {
        let door = self.clone();
        async_graphql::futures_util::stream::once(async move {
            let key = std::any::TypeId::of::<Call>();
            let call =
                session_data.and_then(|data| data.get(&key)?.downcast_ref::<Call>().cloned());
            door.answer(request, call).await
        })
        .boxed()
    }
}
