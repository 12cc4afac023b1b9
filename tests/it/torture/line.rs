//! A line between a server and its database that breaks at the worst moments: when a commit was done
//! and only its answer is missing, and in the middle of a question.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use rand::Rng;
use rand::rngs::StdRng;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What stands in the greeting of a connection that writes, and of no other: it waits for no lock long.
const WRITES: &[u8] = b"lock_timeout";

/// How many commits of changes are done for one whose answer is lost.
const COMMITS: u32 = 4;
/// How many other messages for one after which the line breaks.
const MESSAGES: u32 = 150;

/// A line to a database.
pub struct Line {
    /// The address of the database at this end of the line.
    pub url: String,
    breaks: Arc<Breaks>,
}

struct Breaks {
    wanted: AtomicBool,
    random: Mutex<StdRng>,
    commits: AtomicU64,
    others: AtomicU64,
}

impl Line {
    /// Lays a line to the database at `url`; it holds until it is told to break.
    pub async fn lay(url: &str, random: StdRng) -> Self {
        let (before, rest) = url.split_once('@').expect("postgres://user@host/database");
        let (host, database) = rest.split_once('/').expect("the address names a database");
        let far = if host.contains(':') { host.to_owned() } else { format!("{host}:5432") };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("{before}@{}/{database}", listener.local_addr().unwrap());
        let (commits, others) = (AtomicU64::new(0), AtomicU64::new(0));
        let breaks =
            Breaks { wanted: AtomicBool::new(false), random: random.into(), commits, others };
        let breaks = Arc::new(breaks);
        tokio::spawn(connect(listener, far, Arc::clone(&breaks)));
        Self { url, breaks }
    }

    /// Breaks again and again from now on, or no more.
    pub fn breaks(&self, wanted: bool) {
        self.breaks.wanted.store(wanted, Ordering::Relaxed);
    }

    /// How many commits of changes were done without an answer, and how often it broke else.
    pub fn broken(&self) -> (u64, u64) {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (count(&self.breaks.commits), count(&self.breaks.others))
    }
}

async fn connect(listener: TcpListener, far: String, breaks: Arc<Breaks>) {
    loop {
        let (near, _) = listener.accept().await.unwrap();
        let far = TcpStream::connect(&far).await.unwrap();
        tokio::spawn(carry(near, far, Arc::clone(&breaks)));
    }
}

/// Carries bytes both ways, until one end closes or the line breaks; then both ends are closed.
async fn carry(mut near: TcpStream, mut far: TcpStream, breaks: Arc<Breaks>) -> Option<()> {
    let (mut question, mut answer) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    let mut writes = false;
    let (mut from_near, mut to_near) = near.split();
    let (mut from_far, mut to_far) = far.split();
    loop {
        tokio::select! {
            read = from_near.read(&mut question) => {
                let asked = &question[..read.ok().filter(|read| *read > 0)?];
                to_far.write_all(asked).await.ok()?;
                writes |= has(asked, WRITES);
                if breaks.after(writes && has(asked, b"COMMIT\0")) {
                    // The database did it. Nobody hears of it.
                    return from_far.peek(&mut answer).await.map(drop).ok();
                }
            }
            read = from_far.read(&mut answer) => {
                let told = &answer[..read.ok().filter(|read| *read > 0)?];
                to_near.write_all(told).await.ok()?;
            }
        }
    }
}

impl Breaks {
    /// Does the line break after what was sent, the commit of a change or something else?
    fn after(&self, is_commit: bool) -> bool {
        let (one_of, counter) =
            if is_commit { (COMMITS, &self.commits) } else { (MESSAGES, &self.others) };
        let wanted = self.wanted.load(Ordering::Relaxed);
        let breaks = wanted && self.random.lock().unwrap().random_ratio(1, one_of);
        counter.fetch_add(breaks.into(), Ordering::Relaxed);
        breaks
    }
}

fn has(sent: &[u8], word: &[u8]) -> bool {
    sent.windows(word.len()).any(|part| part == word)
}
