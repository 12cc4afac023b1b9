//! What a lane makes of rules that panic, on SQLite, and on PostgreSQL when `TEST_DATABASE_URL` names
//! a server.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::Lanes;
use crate::domain::amount::Amount;
use crate::domain::command::{Body, Grant};
use crate::domain::records::{Account, AccountKey, Position, User};
use crate::domain::refusal::Code;
use crate::domain::rules::{Rules, Verdict};
use crate::domain::state::Change;
use crate::operations::clock::Clock;
use crate::operations::programs::Programs;
use crate::store::tests::{on_each, save, tenant};
use crate::store::{Database, ProgramVersion};

/// Rules that panic at one event.
struct Fragile;

impl Rules for Fragile {
    fn handles(&self, event: &str) -> bool {
        event == "earthquake"
    }

    fn decide(&self, event: &str, _facts: &Value) -> Vec<Verdict> {
        panic!("these rules do not stand an {event}")
    }

    fn can_use_code(&self, _facts: &Value) -> Result<(), String> {
        Ok(())
    }
}

fn grant() -> Body {
    Body::AddCredits(Grant {
        user_id: "ann".to_owned(),
        unit: None,
        amount: Amount::new(1).unwrap(),
        source: "promotion".to_owned(),
        description: None,
        reference_id: None,
        space_id: None,
        priority: 50,
        available_from: None,
        expires_at: None,
        granted_by: None,
    })
}

fn earthquake() -> Body {
    Body::RecordEvent {
        event_id: "quake".to_owned(),
        user_id: "ann".to_owned(),
        event: "earthquake".to_owned(),
        occurred_at: None,
        data: json!({}),
    }
}

/// The lanes of a tenant with one user, and whose rules are fragile; and the tenant's number.
async fn fragile_lanes(database: &Database) -> (Lanes, i64) {
    let tenant = tenant(database, "one").await;
    let manifest = "name = \"Plain\"\ncurrency = \"USD\"\ntime_zone = \"UTC\"\n".to_owned();
    let version = ProgramVersion {
        name: tenant.program,
        hash: "00".repeat(32),
        files: BTreeMap::from([("program.toml".to_owned(), manifest)]),
        created_at: tenant.created_at,
    };
    database.publish_program(&version).await.unwrap();
    let mut change = Change::default();
    change.put(User::new("ann", Position { seq: 0, n: 0 }, tenant.created_at));
    save(database, tenant.id, &change).await;
    let programs = Programs::new(database.clone());
    programs.put_in_place(tenant.id, Arc::new(Fragile)).await;
    (Lanes::new(database.clone(), programs, Clock::manual(tenant.created_at)), tenant.id)
}

async fn balance(database: &Database, tenant_id: i64) -> i64 {
    let key = AccountKey { user_id: "ann".to_owned(), unit: "USD".to_owned() };
    let found: Vec<Account> = database.accounts_by_keys(tenant_id, &[key]).await.unwrap();
    found[0].balance.get()
}

#[tokio::test]
async fn one_that_panics_harms_none_of_three_hundred_others_and_ends_no_lane() {
    on_each(async |database| {
        let (lanes, id) = fragile_lanes(&database).await;
        let bodies =
            (0..301).map(|n| if n == 137 { earthquake() } else { grant() }).collect::<Vec<_>>();
        let sent = bodies.into_iter().map(|body| lanes.submit_own(id, body));
        let answers = join_all(sent).await;
        for (n, answer) in answers.into_iter().enumerate() {
            let code = answer.err().map(|refusal| refusal.code);
            assert_eq!(code, (n == 137).then_some(Code::Internal), "{n}");
        }
        assert_eq!(balance(&database, id).await, 300);
        lanes.submit_own(id, grant()).await.unwrap();
        assert_eq!(balance(&database, id).await, 301);
        lanes.drain().await;
    })
    .await;
}
