//! How many grants a second: `addCredits` with idempotency keys from 32 connections against the
//! release build, and `pgbench` with the same grant as one statement on the same PostgreSQL (made
//! for this run, writing through to the disk), in turns.
//!
//! `cargo bench --bench add_credits`; `BENCH_SECONDS` (8) and `BENCH_ROUNDS` (3) change its length.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a measurement may fall over")]

#[path = "../tests/it/packages.rs"]
mod packages;

#[expect(dead_code, reason = "made for the tests, which use more of it")]
#[path = "../tests/it/postgres.rs"]
mod postgres;

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use postgres::Durability;
use serde_json::{Value, json};

const CONNECTIONS: usize = 32;
const USERS: u64 = 1_000;
const KEY: &str = "operator-key-of-the-bench-0123456789abcdef";

fn main() {
    let setting = |name: &str, default: u64| {
        std::env::var(name).map_or(default, |value| value.parse().expect("a whole number"))
    };
    let span = Duration::from_secs(setting("BENCH_SECONDS", 8));
    let rounds = setting("BENCH_ROUNDS", 3);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(run(span, rounds));
}

async fn run(span: Duration, rounds: u64) {
    let url = postgres::start_cluster(Durability::Full);
    let bench = Bench::start(url).await;
    bench.prepare_pgbench();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    bench.drive(Duration::from_secs(2)).await;
    for round in 1..=rounds {
        let (before, grants) = (bench.batches(), bench.drive(span).await);
        let after = bench.batches();
        let plain = bench.pgbench(span);
        println!(
            "round {round}: addCredits {grants:>7.0}/s   pgbench {plain:>7.0}/s   ratio {:.2}   {}",
            grants / plain,
            sizes(&before, &after)
        );
        ours.push(grants);
        theirs.push(plain);
    }
    let (ours, theirs) = (median(ours), median(theirs));
    println!(
        "median:  addCredits {ours:>7.0}/s   pgbench {theirs:>7.0}/s   ratio {:.2} (wanted: 0.5)",
        ours / theirs
    );
    bench.check().await;
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

struct Bench {
    /// The address of the database.
    database: String,
    /// Where the server listens.
    server: String,
    process: Child,
    token: String,
    client: reqwest::Client,
    sent: Arc<AtomicU64>,
}

impl Drop for Bench {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

impl Bench {
    async fn start(url: String) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = Command::new(env!("CARGO_BIN_EXE_guerdon"))
            .env("DATABASE_URL", &url)
            .env("GUERDON_LISTEN", format!("127.0.0.1:{port}"))
            .env("GUERDON_OPERATOR_KEY", KEY)
            .env("GUERDON_RULES", concat!(env!("CARGO_MANIFEST_DIR"), "/rules"))
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut bench = Self {
            database: url,
            server: format!("http://127.0.0.1:{port}"),
            process,
            token: KEY.to_owned(),
            client: reqwest::Client::new(),
            sent: Arc::default(),
        };
        bench.wait().await;
        let key = json!({ "name": "bench", "role": "SERVICE", "tenant": "starter" });
        let made = "mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) { key } }";
        let made = bench.send(&bench.client, made, key).await;
        bench.token = made["data"]["createApiKey"]["key"].as_str().expect("a key").to_owned();
        bench.register_users().await;
        bench
    }

    async fn wait(&self) {
        for _ in 0..600 {
            let ready = self.client.get(format!("{}/health/ready", self.server)).send().await;
            if ready.is_ok_and(|response| response.status().is_success()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the server was not ready in 30 s");
    }

    async fn send(&self, client: &reqwest::Client, query: &str, input: Value) -> Value {
        let body = json!({ "query": query, "variables": { "input": input } }).to_string();
        let request = client.post(format!("{}/graphql", self.server));
        let request = request.header("content-type", "application/json").bearer_auth(&self.token);
        let response = request.body(body).send().await.unwrap();
        serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
    }

    async fn register_users(&self) {
        let query =
            "mutation($input: RegisterUserInput!) { registerUser(input: $input) { created } }";
        let register = async |part: u64| {
            for user in (part..USERS).step_by(CONNECTIONS) {
                let answer =
                    self.send(&self.client, query, json!({ "id": format!("user-{user}") })).await;
                assert_eq!(answer["data"]["registerUser"]["created"], true, "{answer}");
            }
        };
        futures_util::future::join_all((0..CONNECTIONS as u64).map(register)).await;
    }

    /// Grants from 32 connections, each sending its next when the last is answered; grants a second.
    async fn drive(&self, span: Duration) -> f64 {
        let query = "mutation($input: AddCreditsInput!) { addCredits(input: $input) { \
                     transaction { id balanceAfter } account { balance } replayed } }";
        let began = Instant::now();
        let connection = async || {
            let client = reqwest::Client::builder().pool_max_idle_per_host(1).build().unwrap();
            let mut done = 0_u64;
            while began.elapsed() < span {
                let n = self.sent.fetch_add(1, Ordering::Relaxed);
                // A stride that is prime to the number of users spreads the grants over all.
                let user = n.wrapping_mul(387_420_489) % USERS;
                let input = json!({ "userId": format!("user-{user}"), "amount": 100,
                                    "idempotencyKey": format!("key-{n}") });
                let answer = self.send(&client, query, input).await;
                assert_eq!(answer["data"]["addCredits"]["replayed"], false, "{answer}");
                done += 1;
            }
            done
        };
        let each = futures_util::future::join_all((0..CONNECTIONS).map(|_| connection())).await;
        each.iter().sum::<u64>() as f64 / began.elapsed().as_secs_f64()
    }

    /// Copies of the tables that a grant touches, with all their indexes and checks, and accounts.
    fn prepare_pgbench(&self) {
        let mut script = String::from("CREATE SCHEMA plain; CREATE SEQUENCE plain.seq;");
        for table in ["events", "transactions", "lots", "accounts"] {
            script.push_str(&format!(
                "CREATE TABLE plain.{table} (LIKE public.{table} INCLUDING ALL);"
            ));
        }
        script.push_str(&format!(
            "INSERT INTO plain.accounts (tenant_id, user_id, unit, balance, pending, earned, used, expired, debt) \
             SELECT 1, 'user-' || n, 'USD', 0, 0, 0, 0, 0, 0 FROM generate_series(0, {}) AS n;",
            USERS - 1
        ));
        let done = self
            .tool("psql")
            .args(["-v", "ON_ERROR_STOP=1", "-q", "-c", &script, &self.database])
            .output();
        let done = done.unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    /// The same grant as one statement, from as many connections; grants a second.
    fn pgbench(&self, span: Duration) -> f64 {
        let script = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(
            script.path(),
            include_str!("grant.sql").replace(":users", &USERS.to_string()),
        )
        .unwrap();
        let seconds = span.as_secs().to_string();
        let clients = CONNECTIONS.to_string();
        let mut command = self.tool("pgbench");
        command.args(["-n", "-M", "prepared", "-c", &clients, "-j", "2", "-T", &seconds, "-f"]);
        let done = command.arg(script.path()).arg(&self.database).output().unwrap();
        let printed = String::from_utf8_lossy(&done.stdout).into_owned();
        let rate = printed.lines().find_map(|line| line.strip_prefix("tps = "));
        let rate = rate.and_then(|rest| rest.split(' ').next()).and_then(|rate| rate.parse().ok());
        rate.unwrap_or_else(|| panic!("{printed}{}", String::from_utf8_lossy(&done.stderr)))
    }

    fn tool(&self, name: &str) -> Command {
        let installed =
            postgres::installed().map(|folder| folder.join(name)).filter(|path| path.is_file());
        Command::new(installed.unwrap_or_else(|| name.into()))
    }

    /// How many batches there were and how many commands they held: the events of a batch have one
    /// time.
    fn batches(&self) -> (f64, f64) {
        let question = "SELECT count(DISTINCT at), count(*) FROM events";
        let done =
            self.tool("psql").args(["-XAt", "-F", " ", "-c", question, &self.database]).output();
        let printed = String::from_utf8(done.unwrap().stdout).unwrap();
        let mut numbers = printed.split_whitespace().map(|number| number.parse().unwrap());
        (numbers.next().unwrap(), numbers.next().unwrap())
    }

    /// What was granted is what the accounts hold.
    async fn check(&self) {
        let done = Command::new(env!("CARGO_BIN_EXE_guerdon"))
            .arg("audit")
            .env("DATABASE_URL", &self.database)
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
        println!("audit: every balance is the sum of its entries");
    }
}

fn sizes(before: &(f64, f64), after: &(f64, f64)) -> String {
    let (batches, commands) = (after.0 - before.0, after.1 - before.1);
    if batches == 0.0 {
        return "batch sizes unknown".to_owned();
    }
    format!("{:.1} commands a batch ({batches:.0} batches)", commands / batches)
}
