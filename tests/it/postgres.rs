//! A PostgreSQL for the tests: the one that `TEST_DATABASE_URL` names, else a throw-away cluster
//! made from installed binaries, else one from the system's packages, installed now. It is made
//! once in a test process and ends with it, however the process ends.

use std::fs;
use std::io::Result;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::packages;

/// Whether a cluster writes through to the disk before it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// It does not: quick, for tests.
    None,
    /// As PostgreSQL comes, for measuring.
    Full,
}

/// The address of the cluster's `postgres` database, by which databases are made and dropped.
/// Starts the cluster when it is first asked for.
pub fn admin_url() -> &'static str {
    static URL: OnceLock<String> = OnceLock::new();
    URL.get_or_init(|| match std::env::var("TEST_DATABASE_URL") {
        Ok(url) => url,
        Err(_) => start_cluster(Durability::None),
    })
}

/// The address of another database of the cluster that `url` leads to.
pub fn with_database(url: &str, database: &str) -> String {
    let (address, options) =
        url.split_once('?').map_or((url, ""), |(address, options)| (address, options));
    let scheme_end = address.find("://").map_or(0, |at| at + 3);
    let server_end = address[scheme_end..].find('/').map_or(address.len(), |at| scheme_end + at);
    let options = if options.is_empty() { String::new() } else { format!("?{options}") };
    format!("{}/{database}{options}", &address[..server_end])
}

/// Makes and starts a cluster on the loopback; gives the address of its `postgres` database.
pub fn start_cluster(durability: Durability) -> String {
    launch(durability).url()
}

/// Makes and starts a cluster on the loopback that can be stopped and started again.
pub fn launch(durability: Durability) -> Running {
    let binaries = installed().or_else(install).unwrap_or_else(|| {
        panic!(
            "the tests need PostgreSQL: install it (Debian: apt-get install postgresql), or set \
             TEST_DATABASE_URL=postgres://user:password@host/postgres for a user that may make databases"
        )
    });
    let folder = tempfile::Builder::new().prefix("guerdon-postgres-").tempdir().unwrap().keep();
    let cluster = Cluster::new(binaries, folder);
    cluster.end_with_this_process();
    cluster.init();
    let start = |_| {
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        cluster.start(port, durability).then_some(port)
    };
    let port = (0..3).find_map(start).expect("PostgreSQL starts");
    Running { cluster, port, durability }
}

/// A cluster that was started.
pub struct Running {
    cluster: Cluster,
    port: u16,
    durability: Durability,
}

impl Running {
    /// The address of its `postgres` database.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Stops it at once: every connection breaks off, and nothing is tidied up.
    pub fn stop_at_once(&self) {
        let mut command = self.cluster.command("pg_ctl");
        command.arg("-D").arg(self.cluster.data()).args(["-m", "immediate", "-w", "stop"]);
        let done = command.output().unwrap();
        assert!(done.status.success(), "pg_ctl stop: {}", String::from_utf8_lossy(&done.stderr));
    }

    /// Starts it again where it was; it answers when this returns.
    pub fn start_again(&self) {
        assert!(self.cluster.start(self.port, self.durability), "PostgreSQL starts again");
    }
}

struct Cluster {
    binaries: PathBuf,
    folder: PathBuf,
    /// The user and group to become: PostgreSQL refuses to run as root.
    become_user: Option<(u32, u32)>,
}

impl Cluster {
    fn new(binaries: PathBuf, folder: PathBuf) -> Self {
        let we_are_root = fs::metadata(&folder).unwrap().uid() == 0;
        let become_user = we_are_root.then(unprivileged_user);
        if let Some((user, group)) = become_user {
            chown(&folder, Some(user), Some(group)).unwrap();
        }
        Self { binaries, folder, become_user }
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.binaries.join(program));
        command.current_dir(&self.folder).env("LC_ALL", "C").stdin(Stdio::null());
        if let Some((user, group)) = self.become_user {
            command.uid(user).gid(group);
        }
        command
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn init(&self) {
        let mut command = self.command("initdb");
        command.arg("-D").arg(self.data());
        command.args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
        let done = command.output().unwrap();
        assert!(done.status.success(), "initdb: {}", String::from_utf8_lossy(&done.stderr));
    }

    /// Starts the server on a port; `false` when somebody else was quicker to take it.
    fn start(&self, port: u16, durability: Durability) -> bool {
        let mut options = format!(
            "-c listen_addresses=127.0.0.1 -c port={port} -c max_connections=200 \
             -c unix_socket_directories={}",
            self.folder.display()
        );
        if durability == Durability::None {
            options.push_str(" -c fsync=off -c synchronous_commit=off -c full_page_writes=off");
        }
        let mut command = self.command("pg_ctl");
        command.arg("-D").arg(self.data()).arg("-l").arg(self.folder.join("log"));
        command.args(["-w", "-t", "60", "-o", &options, "start"]);
        // The server inherits what pg_ctl has: a pipe of ours would stay open as long as it runs.
        command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success()
    }

    /// Leaves a shell behind that waits for our end of a pipe to close, as it does even when this
    /// process is killed, then stops the server and removes its folder.
    #[expect(clippy::zombie_processes, reason = "the shell outlives this process")]
    fn end_with_this_process(&self) {
        const SCRIPT: &str = r#"
            read -r _
            pid=$(head -n 1 "$0/data/postmaster.pid" 2>/dev/null)
            [ -z "$pid" ] || kill -QUIT "$pid"
            while [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
            rm -rf "$0"
        "#;
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(SCRIPT).arg(&self.folder);
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        let mut waiting = shell.spawn().expect("there is a shell");
        std::mem::forget(waiting.stdin.take());
    }
}

/// The user that PostgreSQL runs as when we are root: its own, else nobody.
fn unprivileged_user() -> (u32, u32) {
    let users = fs::read_to_string("/etc/passwd").expect("the list of users can be read");
    let find = |name: &str| {
        let line = users.lines().find(|line| line.starts_with(&format!("{name}:")))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    find("postgres").or_else(|| find("nobody")).expect("there is a user beside root")
}

/// The folder of installed server binaries, on the PATH or where Debian puts them.
pub fn installed() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path)
        .filter_map(|folder| folder.join("pg_ctl").canonicalize().ok())
        .filter_map(|program| program.parent().map(Path::to_owned))
        .collect();
    let mut versions = versions_below("/usr/lib/postgresql").unwrap_or_default();
    versions.sort();
    folders.extend(versions.into_iter().rev().map(|(_, folder)| folder));
    folders.into_iter().find(|folder| {
        ["pg_ctl", "initdb", "postgres"].iter().all(|program| folder.join(program).is_file())
    })
}

fn versions_below(folder: &str) -> Result<Vec<(u32, PathBuf)>> {
    let number = |path: &Path| path.file_name()?.to_str()?.parse().ok();
    let paths = fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path()));
    Ok(paths.filter_map(|path| Some((number(&path)?, path.join("bin")))).collect())
}

/// Installs PostgreSQL from the system's packages, if we may; the folder of its binaries.
fn install() -> Option<PathBuf> {
    packages::install("postgresql").then(installed).flatten()
}

#[test]
fn an_address_leads_to_another_database() {
    let other = |url| with_database(url, "b");
    assert_eq!(other("postgres://u:p@h:1/a"), "postgres://u:p@h:1/b");
    assert_eq!(other("postgres://h"), "postgres://h/b");
    assert_eq!(other("postgres://h/a?sslmode=disable"), "postgres://h/b?sslmode=disable");
}
