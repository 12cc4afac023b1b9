//! What has been said on a socket so far, and what follows from the next message. Nothing here waits
//! or knows of a network.

use std::collections::HashSet;

use async_graphql::{Response, ServerError};

use super::close::Close;
use super::messages::{Asked, FromClient, FromServer, Object};

/// What has been said on a socket so far.
#[derive(Debug, Default)]
pub struct Session {
    phase: Phase,
    /// The ids of the operations that are open.
    open: HashSet<String>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing was said.
    #[default]
    New,
    /// The credential is looked at.
    Checking,
    /// The connection is acknowledged.
    Open,
    /// The server is ending: no operation is begun any more.
    Leaving,
    /// The socket is closed.
    Over,
}

/// What a message leads to.
#[derive(Debug, PartialEq)]
pub enum Step {
    /// Nothing.
    Nothing,
    /// This ping's payload is sent back.
    Pong(Option<Object>),
    /// This payload of the first message is looked at.
    Check(Object),
    /// An operation is begun under an id.
    Begin(String, Asked),
    /// The operation with this id is not asked for any more.
    Stop(String),
}

/// What comes of an operation.
#[derive(Debug)]
pub enum Answer {
    /// A result.
    Result(Box<Response>),
    /// Why it was refused; it is over.
    Refused(Vec<ServerError>),
    /// It is over.
    Done,
}

impl Session {
    /// Hears a text message. A close is the last thing that the session says.
    pub fn hear(&mut self, text: &str) -> Result<Step, Close> {
        if self.phase == Phase::Over {
            return Ok(Step::Nothing);
        }
        let step = FromClient::read(text).and_then(|message| self.follow(message));
        if step.is_err() {
            self.end();
        }
        step
    }

    fn follow(&mut self, message: FromClient) -> Result<Step, Close> {
        match (message, self.phase) {
            (FromClient::Ping(payload), _) => Ok(Step::Pong(payload)),
            (FromClient::Pong, _) => Ok(Step::Nothing),
            (FromClient::ConnectionInit(payload), Phase::New) => {
                self.phase = Phase::Checking;
                Ok(Step::Check(payload))
            }
            (FromClient::ConnectionInit(_), _) => Err(Close::too_many_inits()),
            (FromClient::Subscribe(..), Phase::New | Phase::Checking) => Err(Close::unauthorized()),
            (FromClient::Subscribe(id, _), _) if self.open.contains(&id) => {
                Err(Close::already_exists(&id))
            }
            (FromClient::Subscribe(id, asked), Phase::Open) => {
                self.open.insert(id.clone());
                Ok(Step::Begin(id, asked))
            }
            (FromClient::Subscribe(..), _) => Ok(Step::Nothing),
            // The client may not know yet that it is over.
            (FromClient::Complete(id), _) => match self.open.remove(&id) {
                true => Ok(Step::Stop(id)),
                false => Ok(Step::Nothing),
            },
        }
    }

    /// Has the first message still to come?
    pub fn is_new(&self) -> bool {
        self.phase == Phase::New
    }

    /// The credential holds: the connection is open, which is to be said. Nothing when the session is
    /// over or ending by now.
    pub fn admit(&mut self) -> Option<FromServer> {
        (self.phase == Phase::Checking).then(|| {
            self.phase = Phase::Open;
            FromServer::ConnectionAck
        })
    }

    /// What is to be said of an operation; nothing when the client does not ask for it any more.
    pub fn answer(&mut self, id: String, answer: Answer) -> Option<FromServer> {
        let is_last = !matches!(answer, Answer::Result(_));
        let is_open = if is_last { self.open.remove(&id) } else { self.open.contains(&id) };
        is_open.then(|| match answer {
            Answer::Result(payload) => FromServer::Next { id, payload },
            Answer::Refused(payload) => FromServer::Error { id, payload },
            Answer::Done => FromServer::Complete { id },
        })
    }

    /// The server is ending: no operation is begun any more.
    pub fn leave(&mut self) {
        if self.phase != Phase::Over {
            self.phase = Phase::Leaving;
        }
    }

    fn end(&mut self) {
        self.phase = Phase::Over;
        self.open.clear();
    }
}
