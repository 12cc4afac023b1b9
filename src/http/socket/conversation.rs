//! What goes on over one socket, from its first message to its close.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use futures_util::future::{BoxFuture, pending};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep, timeout};

use super::close::Close;
use super::credential::{admit, until_refused};
use super::limits::SocketLimits;
use super::messages::FromServer;
use super::operation::Desk;
use super::running::Running;
use super::session::{Answer, Session, Step};
use crate::graphql::most_values;
use crate::http::auth::Origin;
use crate::http::served::Served;
use crate::operations::Call;
use crate::operations::authentication::Shown;

/// How long a client may take to answer a close.
const LINGER: Duration = Duration::from_secs(1);
/// How many pings in a row may remain without an answer.
const PINGS: u32 = 2;

/// What goes on over one socket.
pub struct Conversation {
    served: Served,
    origin: Origin,
    limits: SocketLimits,
    socket: WebSocket,
    /// Can nothing more be read, because what came could not be?
    is_garbled: bool,
    session: Session,
    running: Running,
    /// Who opened the socket, once that is known.
    call: Option<Call>,
    /// The credential is looked at.
    checking: Option<BoxFuture<'static, Result<(Call, Shown), Close>>>,
    /// Ends when the credential does.
    holds: Option<BoxFuture<'static, Close>>,
    pings: Interval,
    /// How many pings were sent since anything was heard.
    unanswered: u32,
    is_leaving: bool,
}

/// Why a conversation is over.
enum End {
    /// The server closes the socket.
    Close(Close),
    /// The client did, or went.
    Gone,
    /// The client does not read any more, and is not waited for.
    Deaf,
}

/// What happens on a socket.
enum Event {
    Frame(Option<Result<Message, axum::Error>>),
    Answer(String, Answer),
    Checked(Result<(Call, Shown), Close>),
    Refused(Close),
    Late,
    Ping,
    Ending,
}

impl From<Close> for End {
    fn from(close: Close) -> Self {
        Self::Close(close)
    }
}

impl Conversation {
    /// A conversation that begins.
    pub fn new(served: Served, origin: Origin, socket: WebSocket) -> Self {
        let limits = served.edge.sockets;
        let mut pings = interval_at(Instant::now() + limits.ping_every, limits.ping_every);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            served,
            origin,
            limits,
            socket,
            is_garbled: false,
            session: Session::default(),
            running: Running::new(&limits),
            call: None,
            checking: None,
            holds: None,
            pings,
            unanswered: 0,
            is_leaving: false,
        }
    }

    /// Talks until either side closes the socket.
    pub async fn run(mut self) {
        let Err(end) = self.talk().await;
        match end {
            End::Close(close) => {
                tracing::debug!(code = close.code, reason = close.reason, "a socket is closed");
                self.close(close).await;
            }
            End::Gone => {}
            End::Deaf => return,
        }
        // Who closes is answered, and who was closed gets the time to answer: what was sent before
        // might be lost else.
        let heard_out = async { while let Some(Ok(_)) = self.socket.recv().await {} };
        drop(timeout(LINGER, heard_out).await);
    }

    /// Closes the socket at once, before anything was said.
    pub async fn refuse(mut self, close: Close) {
        self.close(close).await;
    }

    async fn talk(&mut self) -> Result<Infallible, End> {
        let ending = self.served.operations.ending.clone();
        let late = sleep(self.limits.longest_init);
        tokio::pin!(late);
        loop {
            let event = tokio::select! {
                frame = self.socket.recv() => Event::Frame(frame),
                (id, answer) = self.running.next() => Event::Answer(id, answer),
                checked = if_any(&mut self.checking) => Event::Checked(checked),
                close = if_any(&mut self.holds) => Event::Refused(close),
                () = &mut late, if self.call.is_none() => Event::Late,
                _ = self.pings.tick(), if self.call.is_some() => Event::Ping,
                () = ending.told(), if !self.is_leaving => Event::Ending,
            };
            self.follow(event).await?;
            if self.is_leaving && self.running.is_empty() {
                return Err(Close::going_away().into());
            }
        }
    }

    async fn follow(&mut self, event: Event) -> Result<(), End> {
        match event {
            Event::Frame(frame) => self.hear(frame).await,
            Event::Answer(id, answer) => self.answer(id, answer).await,
            Event::Checked(checked) => {
                self.checking = None;
                self.open(checked?).await
            }
            Event::Refused(close) => Err(close.into()),
            Event::Late if self.session.is_new() => Err(Close::init_timeout().into()),
            Event::Late => Err(Close::try_again_later().into()),
            Event::Ping => self.ping().await,
            Event::Ending => {
                // No subscription is completed: the client is to go on with it elsewhere.
                self.is_leaving = true;
                self.session.leave();
                self.running.stop_subscriptions();
                Ok(())
            }
        }
    }

    async fn hear(&mut self, frame: Option<Result<Message, axum::Error>>) -> Result<(), End> {
        self.unanswered = 0;
        match frame {
            Some(Ok(Message::Text(text))) => self.hear_text(text.as_str()).await,
            Some(Ok(Message::Binary(_))) => {
                Err(Close::invalid_message("it is binary, and not a text").into())
            }
            // The answer to a ping is sent by itself.
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(()),
            Some(Ok(Message::Close(_))) | None => Err(End::Gone),
            Some(Err(error)) => {
                self.is_garbled = true;
                Err(unreadable(error, self.limits.message_bytes))
            }
        }
    }

    async fn hear_text(&mut self, text: &str) -> Result<(), End> {
        let most = self.served.edge.body.values;
        if most_values(text.as_bytes()) > most {
            return Err(Close::too_many_values(most).into());
        }
        match self.session.hear(text)? {
            Step::Nothing => Ok(()),
            Step::Pong(payload) => self.say(&FromServer::Pong { payload }).await,
            Step::Check(payload) => {
                let checking = admit(self.served.clone(), self.origin.clone(), payload);
                self.checking = Some(Box::pin(checking));
                Ok(())
            }
            Step::Begin(id, asked) => {
                // An open session has a call.
                let Some(call) = &self.call else { return Err(Close::unauthorized().into()) };
                let limits = &self.served.edge.documents;
                let desk = Desk { schema: &self.served.schema, limits, call };
                match self.running.room(text.len()) {
                    Some(room) => {
                        self.running.add(id, desk.begin(asked, room));
                        Ok(())
                    }
                    None => {
                        let crowded = desk.crowded();
                        self.answer(id, crowded).await
                    }
                }
            }
            Step::Stop(id) => {
                self.running.stop(&id);
                Ok(())
            }
        }
    }

    async fn open(&mut self, (call, shown): (Call, Shown)) -> Result<(), End> {
        let Some(acknowledged) = self.session.admit() else { return Ok(()) };
        self.call = Some(call);
        self.holds = Some(Box::pin(until_refused(self.served.clone(), shown)));
        self.pings.reset();
        self.say(&acknowledged).await
    }

    async fn answer(&mut self, id: String, answer: Answer) -> Result<(), End> {
        match self.session.answer(id, answer) {
            Some(message) => self.say(&message).await,
            None => Ok(()),
        }
    }

    /// Pings twice: by a frame, which any client's library answers by itself, and by a message, which
    /// shows that the client itself is there, and keeps what lies between from falling asleep.
    async fn ping(&mut self) -> Result<(), End> {
        if self.unanswered >= PINGS {
            return Err(Close::silent().into());
        }
        self.unanswered += 1;
        self.send(Message::Ping(Default::default())).await?;
        self.say(&FromServer::Ping).await
    }

    async fn say(&mut self, message: &FromServer) -> Result<(), End> {
        let text = serde_json::to_string(message).map_err(|error| {
            tracing::error!(%error, "a message cannot be written");
            Close::internal()
        })?;
        self.send(Message::Text(text.into())).await
    }

    /// Sends, and waits until it is sent: nothing is put aside for a client that does not read. One
    /// that reads nothing for as long as it may be silent is given up.
    async fn send(&mut self, message: Message) -> Result<(), End> {
        let sent = timeout(self.limits.ping_every * PINGS, self.socket.send(message)).await;
        sent.map_err(|_| End::Deaf)?.map_err(|_| End::Gone)
    }

    async fn close(&mut self, close: Close) {
        let frame = CloseFrame { code: close.code, reason: close.reason.into() };
        // It fails when nobody is there any more.
        drop(timeout(LINGER, self.socket.send(Message::Close(Some(frame)))).await);
        if self.is_garbled {
            // A connection that ends while something of it was not read may take the close with it.
            sleep(LINGER).await;
        }
    }
}

/// What becomes of a future, when there is one.
async fn if_any<T>(future: &mut Option<BoxFuture<'static, T>>) -> T {
    match future {
        Some(future) => future.await,
        None => pending().await,
    }
}

/// Why a frame could not be read.
fn unreadable(error: axum::Error, most: usize) -> End {
    use tungstenite::Error;
    use tungstenite::error::ProtocolError::ResetWithoutClosingHandshake;
    match error.into_inner().downcast_ref::<Error>() {
        Some(Error::Capacity(_)) => End::Close(Close::too_large(most)),
        Some(Error::Utf8(_)) => End::Close(Close::no_text()),
        Some(Error::Protocol(ResetWithoutClosingHandshake)) => End::Gone,
        Some(Error::Protocol(_)) => End::Close(Close::protocol_error()),
        _ => End::Gone,
    }
}
