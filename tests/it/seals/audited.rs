//! What the command `audit` says: every finding, of every tenant, whatever cannot be read; and no head
//! that was given is passed over.

use serde_json::json;

use super::{execute, head};
use crate::harness::{Kind, Server, guerdon};

/// How an audit ended, what it printed, and what it said at last.
struct Audited {
    code: Option<i32>,
    printed: String,
    told: String,
}

fn audit(server: &Server, arguments: &[&str]) -> Audited {
    let mut command = guerdon();
    command.arg("audit").args(arguments).env("DATABASE_URL", &server.database.url);
    let done = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Audited { code: done.status.code(), printed: text(done.stdout), told: text(done.stderr) }
}

impl Audited {
    /// Is there a line with all of this?
    fn names(&self, words: &[&str]) -> bool {
        self.printed.lines().any(|line| words.iter().all(|word| line.contains(word)))
    }

    /// The lines that are findings; the last line counts them.
    fn is_counted(&self) {
        let is_finding = |line: &&str| !line.contains(" told again in ");
        let many = self.printed.lines().filter(is_finding).count();
        assert_eq!(self.code, Some(1), "{}{}", self.printed, self.told);
        assert!(self.told.contains(&format!("{many} findings")), "{}{}", self.printed, self.told);
    }
}

async fn of(server: &Server, slug: &str) -> i64 {
    let shop = server.shop(slug).await;
    shop.register("ann").await;
    shop.add(json!({ "userId": "ann", "amount": 5 })).await.ok();
    server.tenant_id(slug).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_a_finding_beside_the_others() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let server = Server::start(kind, &["rules/gatewayz", "rules/starter"]).await;
        println!("played on {}", server.database.prove().await);
        let (torn, other) = (of(&server, "gatewayz").await, of(&server, "starter").await);
        assert_eq!(audit(&server, &["--replay"]).code, Some(0));
        let wound = format!(
            "UPDATE accounts SET balance = balance - 1, earned = earned - 1; \
             UPDATE events SET body = '{{\"operation\": \"ann@example.com\"' \
             WHERE seq = 2 AND tenant_id = {torn}"
        );
        execute(&server, &wound).await;
        let said = audit(&server, &["--replay"]);
        said.is_counted();
        for slug in ["gatewayz", "starter"] {
            assert!(said.names(&[slug, "account ann"]), "{}", said.printed);
        }
        assert!(said.names(&["gatewayz", "sealed", "event 2", "changed"]), "{}", said.printed);
        assert!(said.names(&["gatewayz", "told again", "cannot be read"]), "{}", said.printed);
        assert!(!said.printed.contains("ann@example.com"), "{}", said.printed);

        // Nor does it end where not even the tenant's own row can be read.
        execute(&server, &format!("UPDATE lanes SET settings = '{{' WHERE tenant_id = {torn}"))
            .await;
        let said = audit(&server, &["--replay"]);
        said.is_counted();
        assert!(said.names(&["gatewayz", "in force", "cannot be read"]), "{}", said.printed);
        assert!(said.names(&["gatewayz", "event 2", "changed"]), "{}", said.printed);
        assert!(said.names(&["starter", "account ann"]), "{}", said.printed);
        execute(
            &server,
            &format!("UPDATE tenants SET created_at = {} WHERE id = {other}", i64::MAX),
        )
        .await;
        let said = audit(&server, &[]);
        said.is_counted();
        assert!(said.names(&[&format!("tenant {other}"), "cannot be read"]), "{}", said.printed);
        server.app.stop().await;
        server.database.remove().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_is_looked_for_or_refused() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let server = Server::start(kind, &["rules/gatewayz", "rules/starter"]).await;
        println!("played on {}", server.database.prove().await);
        of(&server, "gatewayz").await;
        of(&server, "starter").await;
        let file = server.rules.join("heads.txt");
        let file = file.to_str().unwrap();
        let head = head(&server).await;
        let given = head.to_string().trim_start_matches("head ").replace(' ', ":");
        for (written, why) in [("", "holds no head"), ("gatewayz: 3 findings\n", "holds no head")] {
            std::fs::write(file, written).unwrap();
            let said = audit(&server, &["--heads", file, "--head", &given]);
            assert!(said.code == Some(1) && said.told.contains(why), "{}", said.told);
        }
        std::fs::write(file, audit(&server, &[]).printed).unwrap();
        assert_eq!(audit(&server, &["--heads", file]).code, Some(0));
        let said = audit(&server, &["--heads", file, "--tenant", "gatewayz"]);
        assert!(said.code == Some(1) && said.told.contains("a head of starter"), "{}", said.told);
        let said = audit(&server, &["--head", &given, "--tenant", "gatewayz"]);
        assert_eq!(said.code, Some(0), "{}", said.told);
        let misspelt = given.replace("gatewayz", "gateways");
        let said = audit(&server, &["--head", &misspelt]);
        assert!(said.code == Some(1) && said.names(&["gateways", "gone"]), "{}", said.printed);
        assert!(said.told.contains("1 finding:"), "{}", said.told);
        let said = audit(&server, &["--head", &misspelt, "--tenant", "gatewayz"]);
        assert!(said.code == Some(1) && said.told.contains("gateways"), "{}", said.told);
        server.finish().await;
    }
}
