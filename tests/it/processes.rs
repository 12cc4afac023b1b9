//! Two server processes on one PostgreSQL: only the tenant's row orders what they do, and each sees
//! what the other did.

use std::path::Path;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::harness::{Kind, PrivateDatabase, Process, Shop, Socket, guerdon};

/// Two processes on one database, and the database.
async fn two_servers() -> (PrivateDatabase, Process, Process) {
    let database = PrivateDatabase::make(Kind::Postgres).await;
    println!("played on {}", database.prove().await);
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let one = Process::serve(&database.url, &rules).await;
    let two = Process::serve(&database.url, &rules).await;
    (database, one, two)
}

/// `guerdon audit` over the whole database, beside the running servers.
fn audit(database: &PrivateDatabase) {
    let done = guerdon().arg("audit").env("DATABASE_URL", &database.url).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
}

/// Makes every call at once, in turns through the one and the other process.
async fn through_both(
    shops: [&Shop; 2],
    mutation: &'static str,
    inputs: Vec<Value>,
    fields: &'static str,
) -> Vec<Value> {
    let mut tasks = JoinSet::new();
    for (n, input) in inputs.into_iter().enumerate() {
        let caller = shops[n % 2].service.clone();
        tasks.spawn(async move { caller.mutate(mutation, input, fields).await.ok() });
    }
    tasks.join_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_payment_and_one_limit_through_two_servers() {
    let (database, one, two) = two_servers().await;
    let (left, right) = (one.shop("gatewayz"), two.shop("gatewayz"));
    left.register("ann").await;
    let code = right.code_of("ann").await;
    let sign_up = |n| json!({ "id": format!("friend-{n}"), "referralCode": code });
    through_both([&left, &right], "registerUser", (0..12).map(sign_up).collect(), "created").await;
    let same = vec![json!({ "id": "pay-0", "userId": "friend-0", "amount": 1_000 }); 20];
    let answers = through_both([&left, &right], "recordPurchase", same, "replayed").await;
    assert_eq!(answers.iter().filter(|answer| answer["replayed"] == false).count(), 1);
    let purchase =
        |n| json!({ "id": format!("pay-{n}"), "userId": format!("friend-{n}"), "amount": 1_000 });
    let others = (1..12).map(purchase).collect();
    let answers =
        through_both([&left, &right], "recordPurchase", others, "referral { status }").await;
    let credited =
        answers.iter().filter(|answer| answer["referral"]["status"] == "CREDITED").count();
    assert_eq!(credited, 9, "the tenth was friend-0");
    assert_eq!((left.balance("ann").await, right.balance("ann").await), (10_000, 10_000));
    audit(&database);
    drop((one, two));
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_in_one_server_holds_in_the_other() {
    let (database, one, two) = two_servers().await;
    let (left, right) = (one.shop("gatewayz"), two.shop("gatewayz"));
    left.register("ann").await;
    let code = left.code_of("ann").await;
    right.register_with("bob", &code).await;
    left.set(json!({ "bonus": 77 })).await;
    right.purchase("pay-1", "bob", 1_000).await;
    assert_eq!((left.balance("ann").await, right.balance("bob").await), (77, 1_077));
    one.kill();
    right.purchase("pay-2", "bob", 500).await;
    assert_eq!(right.balance("bob").await, 1_577);
    audit(&database);
    drop(two);
    database.remove().await;
}

/// A socket into a process, opened by the operator for a tenant, over which an account is watched.
async fn watch(process: &Process, shop: &Shop, user: &str) -> Socket {
    let mut socket = Socket::connect(process.socket_address(), shop.admin.init()).await;
    let query = format!("subscription {{ creditsChanged(userId: \"{user}\") {{ balance }} }}");
    socket.subscribe("1", &query).await;
    socket
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_in_one_server_is_pushed_by_the_other() {
    let (database, one, two) = two_servers().await;
    let (left, right) = (one.shop("gatewayz"), two.shop("gatewayz"));
    left.register("ann").await;
    let code = left.code_of("ann").await;
    right.register_with("bob", &code).await;
    let mut of_left = watch(&one, &left, "ann").await;
    let mut of_right = watch(&two, &right, "ann").await;
    for socket in [&mut of_left, &mut of_right] {
        assert_eq!(socket.data("1").await["balance"], 0);
    }
    // Each must come within a second, whichever server made the change.
    for n in 1..=6 {
        let maker = if n % 2 == 0 { &left } else { &right };
        maker.add(json!({ "userId": "ann", "amount": 5 })).await.ok();
        for socket in [&mut of_left, &mut of_right] {
            assert_eq!(socket.data("1").await["balance"], 5 * n);
        }
    }
    left.purchase("pay-1", "bob", 1_000).await;
    assert_eq!(of_right.data("1").await["balance"], 1_030);
    audit(&database);
    drop((one, two));
    database.remove().await;
}
