//! The way in: a request is looked at, read, and only then executed, over HTTP and sockets alike.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_graphql::futures_util::stream::{self, BoxStream, StreamExt};
use async_graphql::parser::parse_query;
use async_graphql::parser::types::{ExecutableDocument, OperationType, Selection};
use async_graphql::{Data, Executor, Request, Response, ServerError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::{
    self, PARSE_FAILED, TOO_COMPLEX, VALIDATION_FAILED, finish, first_code, is_executed,
};
use super::limits::Limits;
use super::{ApiSchema, absent, given, guard, loaders};
use crate::domain::caller::Role;
use crate::domain::refusal::{Code, Refusal};
use crate::operations::Call;
use crate::operations::measures::{self, Answered, Open};

/// A request whose document was read and found harmless.
pub struct Document {
    request: Request,
    kind: OperationType,
    name: Option<String>,
}

impl Document {
    /// Reads a request's document; an answer with the error when it is hostile or no GraphQL.
    pub fn read(mut request: Request, limits: &Limits) -> Result<Self, Box<Response>> {
        let too_complex = |message| Box::new(error::document_error(TOO_COMPLEX, message));
        guard::check_text(&request.query, limits).map_err(too_complex)?;
        let mut document = parse(&request.query)?;
        guard::check_document(&document, limits).map_err(too_complex)?;
        let name = request.operation_name.as_deref();
        let kind = kind_of(&document, name);
        if kind == OperationType::Subscription && !selects_one_field(&document) {
            let message = "A subscription selects exactly one field, and not by a fragment.";
            return Err(Box::new(error::document_error(VALIDATION_FAILED, message)));
        }
        given::check_given(&document, name, &request.variables)?;
        absent::leave_out_absent(&mut document, name, &request.variables);
        let name = name.map_or_else(|| name_of(&document), |name| Some(name.to_owned()));
        request.set_parsed_query(document);
        Ok(Self { request, kind, name })
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
}

fn parse(text: &str) -> Result<ExecutableDocument, Box<Response>> {
    parse_query(text).map_err(|error| {
        let mut error = ServerError::from(error);
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
    let meant = document.operations.iter().filter(|(name, _)| {
        operation_name.is_none() || operation_name == name.map(|name| name.as_str())
    });
    let kinds: Vec<_> = meant.map(|(_, operation)| operation.node.ty).collect();
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
    if document.kind == OperationType::Subscription {
        let message =
            "A subscription needs a socket: open /graphql/ws in the protocol graphql-transport-ws.";
        return error::refused(&Refusal::bad_input(message), &call.request_id);
    }
    let answer = schema.execute(prepare(document, call.clone())).await;
    finish(error::after_change(answer, |field| call.has_done(field)), &call.request_id)
}

/// Gives the request its call and its loaders.
fn prepare(document: Document, call: Call) -> Request {
    let loaders = loaders::loaders(&call);
    document.request.data(call).data(loaders)
}

/// The way in for one socket: its session brings the call, as it was when the socket opened.
#[derive(Clone)]
pub struct Door {
    schema: ApiSchema,
    limits: Limits,
    /// Room for operations that are open at once.
    room: Arc<Semaphore>,
}

impl Door {
    /// The way in for a new socket, which may have so many operations open at once.
    #[must_use]
    pub fn new(schema: ApiSchema, limits: Limits, operations: usize) -> Self {
        Self { schema, limits, room: Arc::new(Semaphore::new(operations)) }
    }

    /// The answers to a request: many to a subscription, else one.
    async fn answers(self, request: Request, call: Option<Call>) -> BoxStream<'static, Response> {
        let Some(call) = call else {
            return one(error::refused(&Refusal::internal("a socket has no call"), ""));
        };
        let Ok(room) = Arc::clone(&self.room).try_acquire_owned() else {
            return one(error::refused(&crowded(), &call.request_id));
        };
        match Document::read(request, &self.limits) {
            Ok(document) if document.kind == OperationType::Subscription => {
                self.subscribe(document, call, room)
            }
            Ok(document) => {
                let (name, role) = (document.name().map(str::to_owned), call.caller.role.clone());
                let began = Instant::now();
                let answer = run(&self.schema, document, call).await;
                measured(&answer, name.as_deref(), &role, began.elapsed());
                one(answer)
            }
            Err(response) => {
                measured(&response, None, &call.caller.role, Duration::ZERO);
                one(*response)
            }
        }
    }

    fn subscribe(
        &self,
        document: Document,
        call: Call,
        room: OwnedSemaphorePermit,
    ) -> BoxStream<'static, Response> {
        let request_id = call.request_id.clone();
        let answers = self.schema.execute_stream(prepare(document, call.anew()));
        let open = (room, Open::subscription());
        let finished = answers.map(move |answer| {
            // The room is taken for as long as answers may come.
            let _taken = &open;
            finish(answer, &request_id)
        });
        finished.boxed()
    }
}

fn measured(answer: &Response, name: Option<&str>, role: &Role, duration: Duration) {
    let (code, executed) = (first_code(answer), is_executed(answer));
    let answered = Answered { name, code, executed, role: Some(role) };
    measures::operation_answered(answered, duration);
}

fn one(answer: Response) -> BoxStream<'static, Response> {
    stream::once(async { answer }).boxed()
}

fn crowded() -> Refusal {
    let message = "This socket has too many operations open: complete one, or open another socket.";
    Refusal::new(Code::RateLimited, message)
}

impl Executor for Door {
    async fn execute(&self, request: Request) -> Response {
        let refused = || error::refused(&Refusal::internal("a socket has no call"), "");
        self.clone().answers(request, None).await.next().await.unwrap_or_else(refused)
    }

    fn execute_stream(
        &self,
        request: Request,
        session_data: Option<Arc<Data>>,
    ) -> BoxStream<'static, Response> {
        let door = self.clone();
        let answers = stream::once(async move {
            let key = std::any::TypeId::of::<Call>();
            let call =
                session_data.and_then(|data| data.get(&key)?.downcast_ref::<Call>().cloned());
            door.answers(request, call).await
        });
        answers.flatten().boxed()
    }
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
