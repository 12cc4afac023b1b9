//! What speaks for abuse, as rules see it: who else came from the address, with the device or with the
//! mailbox, how many lately, and whether two brought each other.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::harness::Server;
use crate::stories;

stories!("tests/programs/harbour":
    one_mailbox_is_one_whatever_its_case_and_tag,
    sign_ups_from_an_address_are_those_of_the_last_day,
    two_who_bring_each_other_are_told,
);

/// What the first rule that was asked saw.
fn seen(payload: &Value) -> Value {
    payload["decisions"][0]["facts"]["signals"].clone()
}

async fn one_mailbox_is_one_whatever_its_case_and_tag(server: &Server) {
    let shop = server.shop("harbour").await;
    let ann = shop.sign_up(json!({ "id": "ann", "email": "ann@example.com" })).await;
    assert_eq!(seen(&ann)["same_email"], 0);
    let bob = shop.sign_up(json!({ "id": "bob", "email": " Ann+shop@Example.COM" })).await;
    assert_eq!(seen(&bob)["same_email"], 1);
    let cleo = shop.sign_up(json!({ "id": "cleo", "email": "anna@example.com" })).await;
    assert_eq!(seen(&cleo)["same_email"], 0);
}

async fn sign_ups_from_an_address_are_those_of_the_last_day(server: &Server) {
    let shop = server.shop("harbour").await;
    let from =
        |id: &str, ip: &str, device: &str| json!({ "id": id, "ipAddress": ip, "deviceId": device });
    let ann = shop.sign_up(from("ann", "192.0.2.1", "phone")).await;
    assert_eq!(
        (&seen(&ann)["same_ip"], &seen(&ann)["signups_from_ip_24h"]),
        (&json!(0), &json!(0))
    );
    server.advance(TimeDelta::hours(1));
    let bob = shop.sign_up(from("bob", "192.0.2.1", "phone")).await;
    assert_eq!(
        seen(&bob),
        json!({ "same_ip": 1, "same_device": 1, "same_email": 0, "signups_from_ip_24h": 1, "reciprocal": false })
    );
    // Ann came exactly a day before: she is no longer among them.
    server.advance(TimeDelta::hours(23));
    let cleo = shop.sign_up(from("cleo", "192.0.2.1", "tablet")).await;
    assert_eq!(
        (&seen(&cleo)["same_ip"], &seen(&cleo)["signups_from_ip_24h"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(seen(&cleo)["same_device"], 0);
    let dan = shop.sign_up(from("dan", "192.0.2.2", "laptop")).await;
    assert_eq!(
        (&seen(&dan)["same_ip"], &seen(&dan)["signups_from_ip_24h"]),
        (&json!(0), &json!(0))
    );
}

async fn two_who_bring_each_other_are_told(server: &Server) {
    let shop = server.shop("harbour").await;
    for id in ["ann", "bob"] {
        shop.register(id).await;
    }
    let (of_ann, of_bob) = (shop.code_of("ann").await, shop.code_of("bob").await);
    let first = shop.apply_code("ann", &of_bob).await;
    assert_eq!(seen(&first)["reciprocal"], false);
    let second = shop.apply_code("bob", &of_ann).await;
    assert_eq!(seen(&second)["reciprocal"], true);
}
