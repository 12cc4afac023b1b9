//! One operation over a socket: from what was asked to a stream of answers.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use async_graphql::{Request, Response, Value, Variables};
use futures_util::future::FutureExt;
use futures_util::stream::{self, BoxStream, Stream, StreamExt};
use serde_json::Value as Json;
use tokio::sync::OwnedSemaphorePermit;

use super::messages::Asked;
use super::session::Answer;
use crate::domain::refusal::{Code, Refusal};
use crate::graphql::{
    ApiSchema, Document, Limits, first_code, is_executed, refused, run, subscribe,
};
use crate::operations::Call;
use crate::operations::measures::{self, Answered, Open};

/// The room that an operation takes on its socket: one of so many, and its message's bytes.
pub type Room = (OwnedSemaphorePermit, OwnedSemaphorePermit);

/// An operation that was begun.
pub struct Operation {
    /// Does it go on until it is ended?
    pub is_subscription: bool,
    /// What comes of it; the last is no result. Dropped, it ends, but for a mutation: that is done.
    pub answers: BoxStream<'static, Answer>,
}

/// What operations are executed with.
pub struct Desk<'a> {
    /// The schema.
    pub schema: &'a ApiSchema,
    /// What a document may ask for.
    pub limits: &'a Limits,
    /// Who opened the socket.
    pub call: &'a Call,
}

impl Desk<'_> {
    /// Begins an operation.
    pub fn begin(&self, asked: Asked, room: Room) -> Operation {
        let variables = Variables::from_json(Json::Object(asked.variables));
        let mut request = Request::new(asked.query).variables(variables);
        request.operation_name = asked.operation_name;
        match Document::read(request, self.limits) {
            Ok(document) if document.is_subscription() => self.subscription(document, room),
            Ok(document) if document.is_mutation() => self.mutation(document, room),
            Ok(document) => self.query(document, room),
            Err(response) => {
                measure(&response, None, self.call, Duration::ZERO);
                Operation::of(once(Answer::Refused(response.errors)))
            }
        }
    }

    /// The answer to an operation for which there is no room.
    pub fn crowded(&self) -> Answer {
        let message =
            "This socket has too many operations open: complete one, or open another socket.";
        let refusal = Refusal::new(Code::RateLimited, message);
        Answer::Refused(refused(&refusal, &self.call.request_id).errors)
    }

    fn query(&self, document: Document, room: Room) -> Operation {
        let (schema, call) = (self.schema.clone(), self.call.clone());
        let answers = async move {
            let _taken = room;
            stream::iter(single(measured(&schema, document, call).await))
        };
        Operation::of(answers.flatten_stream())
    }

    /// A mutation is done to its end, whether or not anybody waits for its answer; the server's end
    /// waits for it.
    fn mutation(&self, document: Document, room: Room) -> Operation {
        let (schema, call) = (self.schema.clone(), self.call.clone());
        let broken = broken(call.request_id.clone());
        let work = self.call.operations.ending.track(async move {
            let _taken = room;
            measured(&schema, document, call).await
        });
        let done = tokio::spawn(work);
        let answers = async move {
            // An error says that it panicked.
            stream::iter(done.await.map_or_else(|_| vec![broken()], single))
        };
        Operation::of(answers.flatten_stream())
    }

    fn subscription(&self, document: Document, room: Room) -> Operation {
        let broken = broken(self.call.request_id.clone());
        let responses = subscribe(self.schema, document, self.call.clone());
        let responses = AssertUnwindSafe(responses).catch_unwind();
        let open = (room, Open::subscription());
        let answers = responses.enumerate().map(move |(n, response)| {
            let _taken = &open;
            match response {
                Ok(response) if n == 0 && is_refused(&response, 1) => {
                    Answer::Refused(response.errors)
                }
                Ok(response) => Answer::Result(Box::new(response)),
                Err(_) => broken(),
            }
        });
        let answers = answers.chain(once(Answer::Done)).boxed();
        Operation { is_subscription: true, answers }
    }
}

impl Operation {
    fn of(answers: impl Stream<Item = Answer> + Send + 'static) -> Self {
        Self { is_subscription: false, answers: answers.boxed() }
    }
}

/// Executes a document, and measures it.
async fn measured(schema: &ApiSchema, document: Document, call: Call) -> Response {
    let (name, began) = (document.name().map(str::to_owned), Instant::now());
    let response = run(schema, document, call.clone()).await;
    measure(&response, name.as_deref(), &call, began.elapsed());
    response
}

fn measure(response: &Response, name: Option<&str>, call: &Call, duration: Duration) {
    let (code, executed) = (first_code(response), is_executed(response));
    let answered = Answered { name, code, executed, role: Some(&call.caller.role) };
    measures::operation_answered(answered, duration);
}

fn once(answer: Answer) -> impl Stream<Item = Answer> {
    stream::once(async { answer })
}

/// The answers that one response makes.
fn single(response: Response) -> Vec<Answer> {
    if is_refused(&response, 0) {
        return vec![Answer::Refused(response.errors)];
    }
    vec![Answer::Result(Box::new(response)), Answer::Done]
}

/// Was the operation refused before it was executed? Its errors are at no place of a result then; a
/// subscription's may be at its one field, whose stream was never begun.
fn is_refused(response: &Response, deepest: usize) -> bool {
    let is_above = |error: &async_graphql::ServerError| error.path.len() <= deepest;
    response.data == Value::Null
        && !response.errors.is_empty()
        && response.errors.iter().all(is_above)
}

/// The answer of an operation that panicked; what panicked is in the log.
fn broken(request_id: String) -> impl Fn() -> Answer {
    move || {
        Answer::Refused(refused(&Refusal::internal("an operation panicked"), &request_id).errors)
    }
}
