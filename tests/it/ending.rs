//! How a server ends when it is told to: what runs is finished, and another takes over at once.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::harness::{Frame, Kind, OPERATOR_KEY, PrivateDatabase, Process, Shop, Socket, guerdon};
use crate::lane::Holder;

const CLIENTS: usize = 16;

fn rules() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("rules")
}

/// What a client saw through, and what it had to send again.
#[derive(Debug, Default)]
struct Seen {
    done: i64,
    sent_again: usize,
    /// Of those that were sent again: already done when they came the second time.
    found_done: usize,
    /// The longest time from sending a command to its answer, over all that lay between.
    longest: Duration,
}

/// Grants again and again, each until it is answered, with one key.
async fn client(shop: Shop, n: usize, working: Arc<AtomicBool>) -> Seen {
    let mut seen = Seen::default();
    while working.load(Ordering::Relaxed) {
        let key = format!("grant-{n}-{}", seen.done);
        let input = json!({ "userId": format!("rower-{n}"), "amount": 1, "idempotencyKey": key });
        let (began, mut tries) = (Instant::now(), 0);
        let replayed = loop {
            tries += 1;
            match shop.service.try_mutate("addCredits", input.clone(), "replayed").await {
                Ok(answer) if answer.code() == "OVERLOADED" => {}
                Ok(answer) => break answer.ok()["replayed"] == true,
                Err(_) => {}
            }
            sleep(Duration::from_millis(10)).await;
        };
        seen.done += 1;
        seen.sent_again += usize::from(tries > 1);
        seen.found_done += usize::from(replayed);
        seen.longest = seen.longest.max(began.elapsed());
        assert!(tries > 1 || !replayed, "{key} was sent once");
    }
    seen
}

/// Watches until the server closes: with what, and that nothing was completed before.
async fn watcher(mut socket: Socket) -> (u16, String) {
    loop {
        match socket.receive().await {
            Frame::Text(message) => assert_eq!(message["type"], "next", "{message:#}"),
            Frame::Close(code, reason) => return (code, reason),
            frame => panic!("{frame:?}"),
        }
    }
}

async fn another_takes_over_under_load(kind: Kind) {
    let database = PrivateDatabase::make(kind).await;
    println!("played on {}", database.prove().await);
    let mut first = Process::serve(&database.url, &rules()).await;
    let shop = first.shop("gatewayz");
    let (working, mut clients, mut watchers) =
        (Arc::new(AtomicBool::new(true)), JoinSet::new(), JoinSet::new());
    for n in 0..CLIENTS {
        shop.register(&format!("rower-{n}")).await;
        let mut socket = Socket::connect(first.socket_address(), shop.service.init()).await;
        let query =
            format!("subscription {{ creditsChanged(userId: \"rower-{n}\") {{ balance }} }}");
        socket.subscribe("1", &query).await;
        watchers.spawn(watcher(socket));
        clients.spawn(client(shop.clone(), n, Arc::clone(&working)));
    }
    sleep(Duration::from_millis(1_500)).await;
    let told = Instant::now();
    first.tell("TERM");
    let (status, ended, second, took_over) = {
        let (url, address) = (&database.url, first.address.clone());
        let ends = async { (first.ended().await, told.elapsed()) };
        let takes_over = async {
            // Its listener is closed at once.
            sleep(Duration::from_millis(100)).await;
            (Process::serve_in_place(url, &rules(), &address).await, told.elapsed())
        };
        let ((status, ended), (second, took_over)) = tokio::join!(ends, takes_over);
        (status, ended, second, took_over)
    };
    assert_eq!(status.code(), Some(0));
    assert!(ended < Duration::from_secs(5), "{ended:?}");
    while let Some(closed) = watchers.join_next().await {
        assert_eq!(closed.unwrap(), (1001, "Going away".to_owned()));
    }
    sleep(Duration::from_millis(1_000)).await;
    working.store(false, Ordering::Relaxed);
    let seen = clients.join_all().await;
    let again: usize = seen.iter().map(|seen| seen.sent_again).sum();
    let found: usize = seen.iter().map(|seen| seen.found_done).sum();
    let done: i64 = seen.iter().map(|seen| seen.done).sum();
    let longest = seen.iter().map(|seen| seen.longest).max().unwrap();
    println!(
        "{done} done; {again} sent again, of which {found} were done; ended after {ended:?}, taken over after {took_over:?}, longest wait {longest:?}"
    );
    // Whatever was answered is there, once.
    let mut booked = 0;
    for n in 0..CLIENTS {
        booked += second.shop("gatewayz").balance(&format!("rower-{n}")).await;
    }
    assert_eq!(booked, done);
    assert!(again > 0, "nobody was interrupted");
    let audit = guerdon().arg("audit").env("DATABASE_URL", &database.url).output().unwrap();
    assert!(audit.status.success(), "{}", String::from_utf8_lossy(&audit.stdout));
    drop(second);
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_server_takes_over_on_sqlite() {
    another_takes_over_under_load(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_server_takes_over_on_postgres() {
    another_takes_over_under_load(Kind::Postgres).await;
}

/// Sends a request to grant by hand, as far as so many bytes before its end.
async fn begin_grant(process: &Process, key: &str, held_back: usize) -> (TcpStream, Vec<u8>) {
    let query = format!(
        "mutation {{ addCredits(input: {{ userId: \"ann\", amount: 7, idempotencyKey: \"{key}\" }}) {{ replayed }} }}"
    );
    let body = json!({ "query": query }).to_string();
    let request = format!(
        "POST /graphql HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {OPERATOR_KEY}\r\nX-Tenant: gatewayz\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let (now, later) = request.as_bytes().split_at(request.len() - held_back);
    let mut stream = TcpStream::connect(process.socket_address()).await.unwrap();
    stream.write_all(now).await.unwrap();
    (stream, later.to_vec())
}

async fn rest_of(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

/// A server with Ann.
async fn with_ann(kind: Kind) -> (PrivateDatabase, Process) {
    let database = PrivateDatabase::make(kind).await;
    println!("played on {}", database.prove().await);
    let process = Process::serve(&database.url, &rules()).await;
    process.shop("gatewayz").register("ann").await;
    (database, process)
}

/// Commands wait for a row that somebody else holds; the caller of one waits, that of the other went.
async fn accepted_commands_are_finished(kind: Kind) {
    let (database, mut process) = with_ann(kind).await;
    let holder = Holder::hold(&database).await;
    let (waits, _) = begin_grant(&process, "waits", 0).await;
    let (went, _) = begin_grant(&process, "went", 0).await;
    sleep(Duration::from_millis(500)).await;
    drop(went);
    process.tell("TERM");
    sleep(Duration::from_millis(1_000)).await;
    assert!(TcpStream::connect(process.socket_address()).await.is_err(), "it still listens");
    holder.let_go().await;
    let answer = rest_of(waits).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("connection: close\r\n") && answer.contains("\"replayed\":false"));
    assert_eq!(process.ended().await.code(), Some(0));
    let next = Process::serve(&database.url, &rules()).await;
    assert_eq!(next.shop("gatewayz").balance("ann").await, 14);
    drop(next);
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn accepted_commands_are_finished_on_sqlite() {
    accepted_commands_are_finished(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn accepted_commands_are_finished_on_postgres() {
    accepted_commands_are_finished(Kind::Postgres).await;
}

/// Nobody waits for the command any more, and it waits for a row that somebody else holds.
async fn a_command_whose_caller_went_is_done(kind: Kind) {
    let (database, mut process) = with_ann(kind).await;
    let holder = Holder::hold(&database).await;
    let (went, _) = begin_grant(&process, "went", 0).await;
    sleep(Duration::from_millis(500)).await;
    drop(went);
    process.tell("TERM");
    let early = timeout(Duration::from_secs(1), process.ended()).await;
    assert!(early.is_err(), "the command is waited for");
    holder.let_go().await;
    assert_eq!(process.ended().await.code(), Some(0));
    let next = Process::serve(&database.url, &rules()).await;
    assert_eq!(next.shop("gatewayz").balance("ann").await, 7);
    drop(next);
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_whose_caller_went_is_done_on_sqlite() {
    a_command_whose_caller_went_is_done(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_whose_caller_went_is_done_on_postgres() {
    a_command_whose_caller_went_is_done(Kind::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_do_nothing_hold_up_no_end() {
    let (database, mut process) = with_ann(Kind::Sqlite).await;
    // One over which nothing came yet, one with half a head, one that waits for its next request.
    let fresh = TcpStream::connect(process.socket_address()).await.unwrap();
    let mut half = TcpStream::connect(process.socket_address()).await.unwrap();
    half.write_all(b"GET /health/live HTTP/1.1\r\nHo").await.unwrap();
    let mut idle = TcpStream::connect(process.socket_address()).await.unwrap();
    idle.write_all(b"GET /health/live HTTP/1.1\r\nHost: here\r\n\r\n").await.unwrap();
    let mut first = [0; 15];
    idle.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    let told = Instant::now();
    process.tell("INT");
    assert_eq!(process.ended().await.code(), Some(0));
    assert!(told.elapsed() < Duration::from_secs(2), "{:?}", told.elapsed());
    drop((fresh, half, idle));
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_is_finished_but_not_waited_for_without_end() {
    let (database, mut process) = with_ann(Kind::Sqlite).await;
    let (late, rest) = begin_grant(&process, "late", 20).await;
    let (never, _) = begin_grant(&process, "never", 20).await;
    let mut deaf = Socket::connect(process.socket_address(), init()).await;
    sleep(Duration::from_millis(300)).await;
    let told = Instant::now();
    process.tell("TERM");
    assert_eq!(deaf.frame().await, Frame::Close(1001, "Going away".to_owned()));
    // Another serves meanwhile, at the same address, from the same database.
    let second = Process::serve_in_place(&database.url, &rules(), &process.address).await;
    let shop = second.shop("gatewayz");
    let begun = told.elapsed();
    assert!(begun < Duration::from_secs(5), "{begun:?}");
    shop.add(json!({ "userId": "ann", "amount": 1 })).await.ok();
    let mut late = late;
    late.write_all(&rest).await.unwrap();
    let answer = rest_of(late).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert_eq!(process.ended().await.code(), Some(0));
    let after = told.elapsed();
    assert!((9_500..12_500).contains(&after.as_millis()), "{after:?}");
    assert_eq!(shop.balance("ann").await, 8);
    drop((never, deaf, second));
    database.remove().await;
}

fn init() -> Value {
    json!({ "authorization": format!("Bearer {OPERATOR_KEY}"), "x-tenant": "gatewayz" })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_it_at_once() {
    let (database, mut process) = with_ann(Kind::Sqlite).await;
    let (never, _) = begin_grant(&process, "never", 20).await;
    sleep(Duration::from_millis(300)).await;
    process.tell("TERM");
    let waits = timeout(Duration::from_secs(1), process.ended()).await;
    assert!(waits.is_err(), "what runs is waited for");
    let told = Instant::now();
    process.tell("TERM");
    assert_eq!(process.ended().await.code(), Some(1));
    assert!(told.elapsed() < Duration::from_secs(1), "{:?}", told.elapsed());
    drop(never);
    database.remove().await;
}
