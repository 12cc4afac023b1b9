//! Every command of the README, pasted into a shell one block after another, in a folder of its own.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::harness::{Kind, PrivateDatabase, Process, copy_program};
use crate::postgres::{installed, with_database};

const README: &str = include_str!("../../README.md");
const CI: &str = include_str!("../../.ci/run");
const ADDRESS: &str = "http://127.0.0.1:8080";
const POSTGRES: &str = "postgres://guerdon:guerdon@127.0.0.1:5432/guerdon";
const RESTORED: &str = "postgres://guerdon:guerdon@127.0.0.1:5432/restored";
const KEY: &str = "a-long-random-text-of-your-own-0123456789";
const DONE: &str = "the block is done: ";

/// A fenced block of the README: its language and its text.
fn blocks() -> Vec<(&'static str, &'static str)> {
    let fenced = README.split("```").skip(1).step_by(2);
    fenced.map(|block| block.split_once('\n').unwrap()).collect()
}

/// A shell that stays open, so that what one block sets the next one knows.
struct Shell {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Shell {
    fn open(folder: &Path, path: &str) -> Self {
        let mut command = Command::new("bash");
        command.current_dir(folder).env("PATH", path);
        command.env_remove("DATABASE_URL").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self { child, input, output: BufReader::new(output) }
    }

    /// Runs a block; what it printed. It must not fail.
    fn run(&mut self, block: &str) -> String {
        writeln!(self.input, "{{ {block}\n}} 2>&1; printf '\\n%s\\n' \"{DONE}$?\"").unwrap();
        let mut printed = String::new();
        loop {
            let mut line = String::new();
            let length = self.output.read_line(&mut line).unwrap();
            assert!(length > 0, "the shell ended:\n{printed}");
            match line.strip_prefix(DONE) {
                Some(code) => {
                    assert_eq!(code.trim(), "0", "{block}\n{printed}");
                    return printed;
                }
                None => printed.push_str(&line),
            }
        }
    }

    fn close(mut self) {
        drop(self.input);
        self.child.wait().unwrap();
    }
}

/// A folder as a fresh clone has it, as far as the commands look, with a `cargo` that runs what is
/// built already.
fn clone_into(folder: &Path) -> String {
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/rules")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            copy_program(&path, &folder.join("rules"));
        }
    }
    let cargo = folder.join("bin/cargo");
    std::fs::create_dir(folder.join("bin")).unwrap();
    let script = format!(
        "#!/bin/sh\nshift; [ $# = 0 ] || shift\nexec {} \"$@\"\n",
        env!("CARGO_BIN_EXE_guerdon")
    );
    std::fs::write(&cargo, script).unwrap();
    std::fs::set_permissions(&cargo, PermissionsExt::from_mode(0o755)).unwrap();
    let tools = installed().unwrap_or_default();
    let path = std::env::var("PATH").unwrap();
    format!("{}:{}:{path}", folder.join("bin").display(), tools.display())
}

/// Starts what a block that ends in `cargo run` starts, on a free port.
async fn serve(block: &str, folder: &Path, path: &str) -> Process {
    let mut command = Command::new("bash");
    let block = block.replace("\ncargo run", "\nexec cargo run").replacen(
        "cargo run",
        "exec cargo run",
        usize::from(block.starts_with("cargo")),
    );
    command.arg("-c").arg(block).current_dir(folder).env("PATH", path);
    command.env_remove("DATABASE_URL").env_remove("GUERDON_OPERATOR_KEY");
    command.stdout(Stdio::null());
    Process::start(command).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_works_when_pasted() {
    let folder = tempfile::tempdir().unwrap();
    let path = clone_into(folder.path());
    let database = PrivateDatabase::make(Kind::Postgres).await;
    let restored_name = format!("guerdon_restored_{}", std::process::id());
    let restored = with_database(&database.url, &restored_name);
    let mut shell = Shell::open(folder.path(), &path);
    let mut server = None;
    let mut printed = String::new();
    let mut seen = Vec::new();
    for (language, block) in blocks() {
        let block = block.replace(POSTGRES, &database.url).replace(RESTORED, &restored);
        let block = block.replace(" restored\n", &format!(" {restored_name}\n"));
        match (language, block.trim()) {
            ("sh", "cargo test") => assert!(CI.contains("cargo test"), "CI runs the test command"),
            ("sh", commands) if commands.ends_with("cargo run") => {
                drop(server.take());
                server = Some(serve(commands, folder.path(), &path).await);
            }
            ("sh", commands) => {
                let address = server.as_ref().map_or(ADDRESS, |server| &server.address);
                printed = shell.run(&commands.replace(ADDRESS, address));
                assert!(!printed.contains("\"errors\""), "{commands}\n{printed}");
            }
            ("json", expected) => {
                assert_eq!(json_of(printed.trim().lines().last()), json_of(Some(expected)))
            }
            (other, _) => panic!("a block of {other}"),
        }
        seen.push(language);
    }
    assert!(seen.iter().filter(|language| **language == "sh").count() >= 9, "{seen:?}");
    let server = server.expect("the last server runs on PostgreSQL");
    let operator = server.bearer(KEY).naming("gatewayz");
    let input = serde_json::json!({ "id": "ann" });
    assert_eq!(operator.mutate("registerUser", input, "created").await.ok()["created"], true);
    shell.run(&format!("dropdb --maintenance-db={} {restored_name}", database.url));
    shell.close();
    drop(server);
    database.remove().await;
}

fn json_of(line: Option<&str>) -> serde_json::Value {
    serde_json::from_str(line.unwrap()).unwrap()
}

#[test]
fn every_link_leads_to_a_file() {
    for link in README.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join(link);
        assert!(link.starts_with("http") || here.exists(), "{link}");
    }
}
