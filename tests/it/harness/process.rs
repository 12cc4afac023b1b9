//! The program itself, run as an operator runs it.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use super::{Caller, OPERATOR_KEY, Shop, Way};

/// The built program with the tests' operator key, and nothing else of what it would read from our
/// environment.
pub fn guerdon() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guerdon"));
    for (name, _) in std::env::vars() {
        let is_read = ["GUERDON_", "OTEL_"].iter().any(|begin| name.starts_with(begin));
        if is_read || name == "DATABASE_URL" || name == "RUST_LOG" {
            command.env_remove(name);
        }
    }
    command.env("GUERDON_OPERATOR_KEY", OPERATOR_KEY);
    command
}

/// A serving process; killed when it is dropped.
pub struct Process {
    child: Child,
    /// Where it listens: `http://127.0.0.1:54321`.
    pub address: String,
    client: reqwest::Client,
}

impl Process {
    /// Serves a database and a folder of programs on a free port; waits until it is ready.
    pub async fn serve(database_url: &str, rules: &Path) -> Self {
        let mut command = guerdon();
        command.env("DATABASE_URL", database_url).env("GUERDON_RULES", rules);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        Self::start(command).await
    }

    /// Starts a prepared command on a free port; waits until it is ready.
    pub async fn start(command: Command) -> Self {
        Self::until(command, "ready", 3).await
    }

    /// Serves as [`Process::serve`] does; falls over when the process ends by itself.
    pub async fn serve_at_once(database_url: &str, rules: &Path) -> Self {
        let mut command = guerdon();
        command.env("DATABASE_URL", database_url).env("GUERDON_RULES", rules);
        Self::strictly(command).await
    }

    /// Starts a prepared command, once; waits until it is ready.
    pub async fn strictly(mut command: Command) -> Self {
        command.stdout(Stdio::null()).stderr(Stdio::null());
        Self::until(command, "ready", 1).await
    }

    /// Starts a prepared command on a free port; waits until it answers, ready or not.
    pub async fn start_unready(command: Command) -> Self {
        Self::until(command, "live", 3).await
    }

    /// Serves where another process served, or still ends.
    pub async fn serve_in_place(database_url: &str, rules: &Path, of: &str) -> Self {
        let mut command = guerdon();
        command.env("DATABASE_URL", database_url).env("GUERDON_RULES", rules);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.env("GUERDON_LISTEN", of.strip_prefix("http://").unwrap());
        let child = command.spawn().unwrap();
        let client = reqwest::Client::new();
        let mut process = Self { child, address: of.to_owned(), client };
        let ended = process.wait_for("ready").await;
        assert!(ended.is_none(), "the server ended: {ended:?}");
        process
    }

    async fn until(mut command: Command, health: &str, tries: u32) -> Self {
        let mut ended = None;
        // Between two looks at a port somebody else may have taken it.
        for _ in 0..tries {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            command.env("GUERDON_LISTEN", format!("127.0.0.1:{port}"));
            let child = command.spawn().unwrap();
            let address = format!("http://127.0.0.1:{port}");
            let mut process = Self { child, address, client: reqwest::Client::new() };
            ended = process.wait_for(health).await;
            if ended.is_none() {
                return process;
            }
        }
        panic!("the server ended: {ended:?}");
    }

    /// What its health says: the status and the body.
    pub async fn ready(&self) -> (u16, String) {
        let answer = self.client.get(format!("{}/health/ready", self.address)).send().await;
        let answer = answer.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// How the process ended, when it did instead.
    async fn wait_for(&mut self, health: &str) -> Option<ExitStatus> {
        for _ in 0..600 {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Some(status);
            }
            let ready = self.client.get(format!("{}/health/{health}", self.address)).send().await;
            if ready.is_ok_and(|response| response.status().is_success()) {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the server was not {health} in 30 s");
    }

    /// A caller of this process with a token.
    pub fn bearer(&self, token: &str) -> Caller {
        let way = Way::Http(self.client.clone(), self.address.clone());
        Caller::new(way, Some(token.to_owned()), None)
    }

    /// The operator's moves in a tenant, through this process.
    pub fn shop(&self, slug: &str) -> Shop {
        let operator = self.bearer(OPERATOR_KEY).naming(slug);
        Shop::new(operator.clone(), operator)
    }

    /// Where it listens, for a connection of one's own.
    pub fn socket_address(&self) -> SocketAddr {
        self.address.strip_prefix("http://").unwrap().parse().unwrap()
    }

    /// Sends it a signal: TERM, or INT as Ctrl-C does.
    pub fn tell(&self, signal: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &id]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits until it has ended by itself; gives how.
    pub async fn ended(&mut self) -> ExitStatus {
        for _ in 0..3_000 {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the server did not end in 30 s");
    }

    /// Kills it at once, as a crash would.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
