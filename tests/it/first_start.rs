//! The first start: what it prints, and a program that does not compile.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::harness::{Kind, Server, copy_program, guerdon};
use crate::stories;

stories!("tests/programs/wreck": a_program_that_does_not_compile_keeps_its_events);

async fn a_program_that_does_not_compile_keeps_its_events(server: &Server) {
    let shop = server.shop("wreck").await;
    shop.register("ann").await;
    let input = json!({ "id": "g-1", "userId": "ann", "type": "gift", "data": {} });
    let fields = "decisions { id outcome reason }";
    let kept = shop.service.mutate("recordEvent", input, fields).await.ok();
    assert_eq!(kept["decisions"][0]["outcome"], "FAILED", "{kept:#}");
    let tenant = shop.admin.get("{ tenant { program { error { file line message } } } }").await;
    let error = &tenant["program"]["error"];
    assert_eq!((&error["file"], &error["line"]), (&json!("gift.rhai"), &json!(2)), "{error:#}");

    // Mended, the event that was kept is decided again, and pays.
    let mended = "fn on_gift(ctx) { [credit(ctx.user, 5, \"promotion\")] }\n";
    std::fs::write(server.rules.join("wreck/gift.rhai"), mended).unwrap();
    let mut pays = json!(null);
    for n in 0.. {
        let id = format!("probe-{n}");
        let input = json!({ "id": id, "userId": "ann", "type": "gift", "data": {} });
        pays = shop.service.mutate("recordEvent", input, fields).await.ok();
        if pays["decisions"][0]["outcome"] == "REWARDED" {
            break;
        }
        assert!(n < 200, "the server did not notice: {pays:#}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(pays["decisions"].as_array().unwrap().len(), 1);
    assert_eq!(shop.balance("ann").await, 5);
}

/// A server's process, which ends with the test however that ends.
struct Running(std::process::Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// The first lines that a server prints, and what the last of them, pasted into a shell, answers.
#[test]
fn the_line_to_try_works_when_pasted_and_tells_no_key() {
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("rules");
    copy_program(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/starter"), &rules);
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut command = guerdon();
    command.current_dir(&folder).env("GUERDON_LISTEN", format!("127.0.0.1:{port}"));
    command.env_remove("GUERDON_OPERATOR_KEY");
    let server = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut server = Running(server);
    let lines = BufReader::new(server.0.stdout.take().unwrap()).lines().take(4);
    let lines: Vec<String> = lines.map(Result::unwrap).collect();
    let printed = lines.join("\n");
    assert!(printed.contains(&format!("http://127.0.0.1:{port}/graphiql")), "{printed}");
    assert!(printed.contains("starter"), "{printed}");
    let key = std::fs::read_to_string(folder.path().join("guerdon.operator-key")).unwrap();
    assert!(!printed.contains(key.trim()), "the key is printed");
    let curl = lines[3].trim().trim_start_matches("try").trim();
    let answer = Command::new("sh").args(["-c", curl]).current_dir(&folder).output().unwrap();
    drop(server);
    let answer: Value = serde_json::from_slice(&answer.stdout).unwrap();
    assert_eq!(answer["data"]["tenants"]["nodes"][0]["slug"], "starter", "{answer}");
}

/// A row changed behind the server's back is named by `guerdon audit`, which ends with 1.
#[tokio::test(flavor = "multi_thread")]
async fn an_audit_names_the_row_that_is_broken() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let server = Server::start(kind, &["rules/gatewayz"]).await;
        let shop = server.shop("gatewayz").await;
        shop.register("ann").await;
        shop.add(json!({ "userId": "ann", "amount": 500 })).await.ok();
        let url = server.database.url.clone();
        let run = || {
            let done = guerdon().arg("audit").env("DATABASE_URL", &url).output().unwrap();
            (done.status.code(), String::from_utf8(done.stdout).unwrap())
        };
        assert_eq!(run().0, Some(0));
        let connection = sea_orm::Database::connect(&url).await.unwrap();
        let wound = "UPDATE accounts SET balance = 400, earned = 400 WHERE user_id = 'ann'";
        sea_orm::ConnectionTrait::execute_unprepared(&connection, wound).await.unwrap();
        let (code, said) = run();
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("gatewayz") && said.contains("ann"), "{said}");
        let mend = "UPDATE accounts SET balance = 500, earned = 500 WHERE user_id = 'ann'";
        sea_orm::ConnectionTrait::execute_unprepared(&connection, mend).await.unwrap();
        connection.close().await.unwrap();
        server.finish().await;
    }
}
