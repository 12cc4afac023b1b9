//! An identity provider's keys: fetched, kept, refreshed and replaced, however ill the provider is.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::harness::provider::{
    KEY_ONE, KEY_TWO, Mood, Provider, claims_of, sign_in_with, token_of,
};
use crate::harness::{Answer, Caller, Server};
use crate::stories;

stories!("rules/productready", "rules/starter":
    keys_are_kept_and_refreshed_beside_the_requests,
    an_answer_says_how_long_it_is_fresh,
    a_new_key_holds_at_once,
    a_flood_of_unknown_keys_is_no_flood_of_fetches,
    a_withdrawn_key_does_not_come_back,
    keys_go_on_for_a_day_without_their_provider,
    without_a_key_nothing_is_said_of_a_token,
    a_slow_provider_holds_up_nobody_else,
);

const ONE: (&str, &str) = ("one", KEY_ONE);
const TWO: (&str, &str) = ("two", KEY_TWO);
const ME: &str = "{ me { id } }";

/// Ann of productready, and the provider that knows her, which was not asked yet.
async fn with_provider(server: &Server) -> Provider {
    let provider = Provider::start(&[ONE]).await;
    server.shop("productready").await.register("ann").await;
    sign_in_with(server, "productready", &provider.auth("product")).await;
    assert_eq!(provider.asked(), 0);
    provider
}

/// Ann with a token of this key, which holds from now on.
fn ann(server: &Server, key: (&str, &str)) -> Caller {
    let token = token_of(key, &claims_of(server, "ann", "product"));
    server.bearer(&token).naming("productready")
}

/// Shows a token of this key now.
async fn shows(server: &Server, key: (&str, &str)) -> Answer {
    ann(server, key).gql(ME, json!({})).await
}

async fn holds(server: &Server, key: (&str, &str)) {
    assert_eq!(shows(server, key).await.ok()["me"]["id"], "ann");
}

async fn is_unknown(server: &Server, key: (&str, &str)) {
    let error = shows(server, key).await.refused("UNAUTHENTICATED");
    assert!(error["message"].as_str().unwrap().contains("no key"), "{error}");
}

async fn cannot_be_checked(server: &Server) -> Value {
    let error = shows(server, ONE).await.refused("OVERLOADED");
    error["extensions"]["retryAfter"].clone()
}

/// Shows many tokens at once, of keys with these names.
async fn many(server: &Server, names: impl Iterator<Item = String>) -> Vec<Answer> {
    let mut tasks = tokio::task::JoinSet::new();
    for name in names {
        let caller = ann(server, (&name, KEY_ONE));
        tasks.spawn(async move { caller.gql(ME, json!({})).await });
    }
    tasks.join_all().await
}

async fn keys_are_kept_and_refreshed_beside_the_requests(server: &Server) {
    let provider = with_provider(server).await;
    for answer in many(server, (0..20).map(|_| "one".to_owned())).await {
        answer.ok();
    }
    assert_eq!(provider.asked(), 1, "all wait for the same answer");
    server.advance(TimeDelta::minutes(10) - TimeDelta::microseconds(1));
    holds(server, ONE).await;
    provider.is_asked(1).await;
    server.advance(TimeDelta::microseconds(1));
    provider.is(Mood::Slow(Duration::from_secs(1)));
    let begun = Instant::now();
    holds(server, ONE).await;
    assert!(begun.elapsed() < Duration::from_millis(900), "nobody waits for it");
    provider.is_asked(2).await;
}

async fn an_answer_says_how_long_it_is_fresh(server: &Server) {
    let provider = with_provider(server).await;
    provider.is(Mood::WellFor("public, max-age=1200"));
    holds(server, ONE).await;
    server.advance(TimeDelta::seconds(1_199));
    holds(server, ONE).await;
    provider.is_asked(1).await;
    server.advance(TimeDelta::seconds(1));
    holds(server, ONE).await;
    provider.is_asked(2).await;
}

async fn a_new_key_holds_at_once(server: &Server) {
    let provider = with_provider(server).await;
    holds(server, ONE).await;
    server.advance(TimeDelta::seconds(30));
    provider.has(&[ONE, TWO]);
    holds(server, TWO).await;
    holds(server, ONE).await;
    assert_eq!(provider.asked(), 2);
    // The first is withdrawn; once that is known, its tokens do not hold.
    provider.has(&[TWO]);
    server.advance(TimeDelta::minutes(10));
    holds(server, ONE).await;
    provider.is_asked(3).await;
    is_unknown(server, ONE).await;
    holds(server, TWO).await;
}

async fn a_flood_of_unknown_keys_is_no_flood_of_fetches(server: &Server) {
    let provider = with_provider(server).await;
    holds(server, ONE).await;
    let strangers = || (0..50).map(|n| format!("stranger-{n}"));
    for asked in [1, 2, 3] {
        for answer in many(server, strangers()).await {
            answer.refused("UNAUTHENTICATED");
        }
        assert_eq!(provider.asked(), asked);
        server.advance(TimeDelta::microseconds(30_000_000 - 1));
        is_unknown(server, ("stranger", KEY_ONE)).await;
        assert_eq!(provider.asked(), asked, "it is not 30 seconds yet");
        server.advance(TimeDelta::microseconds(1));
    }
    // A known name with another's signature asks nobody.
    let error = shows(server, ("one", KEY_TWO)).await.refused("UNAUTHENTICATED");
    assert!(error["message"].as_str().unwrap().contains("signature"), "{error}");
    assert_eq!(provider.asked(), 3);
}

async fn a_withdrawn_key_does_not_come_back(server: &Server) {
    let provider = with_provider(server).await;
    holds(server, ONE).await;
    provider.has(&[TWO]);
    server.advance(TimeDelta::hours(3));
    is_unknown(server, ONE).await;
    assert_eq!(provider.asked(), 2, "after hours the keys are asked for first");
}

async fn keys_go_on_for_a_day_without_their_provider(server: &Server) {
    let provider = with_provider(server).await;
    holds(server, ONE).await;
    provider.is(Mood::Ill(503, "later".to_owned()));
    server.advance(TimeDelta::minutes(11));
    holds(server, ONE).await;
    provider.is_asked(2).await;
    server.advance(TimeDelta::hours(24) - TimeDelta::minutes(11) - TimeDelta::microseconds(1));
    holds(server, ONE).await;
    server.advance(TimeDelta::microseconds(1));
    cannot_be_checked(server).await;
    provider.is(Mood::Well);
    server.advance(TimeDelta::seconds(30));
    holds(server, ONE).await;
}

async fn without_a_key_nothing_is_said_of_a_token(server: &Server) {
    let provider = with_provider(server).await;
    let elsewhere = Provider::start(&[ONE]).await;
    let mut asked = 0;
    for mood in [
        Mood::Ill(500, "broken".to_owned()),
        Mood::Ill(200, "<html>".to_owned()),
        Mood::Ill(200, json!({ "keys": [], "pad": "x".repeat(256 * 1_024) }).to_string()),
        Mood::Elsewhere(elsewhere.address.clone()),
    ] {
        provider.is(mood.clone());
        assert_eq!(cannot_be_checked(server).await, 5, "{mood:?}");
        server.advance(TimeDelta::seconds(3));
        assert_eq!(cannot_be_checked(server).await, 2, "{mood:?}");
        asked += 1;
        assert_eq!(provider.asked(), asked, "{mood:?}");
        server.advance(TimeDelta::seconds(2));
    }
    assert_eq!(elsewhere.asked(), 0, "nobody is followed to another address");
    assert_eq!(server.user("productready", "ann").await.get(ME).await["id"], "ann");
    provider.is(Mood::Well);
    holds(server, ONE).await;
    // A set without a key is an answer too.
    provider.has(&[]);
    server.advance(TimeDelta::minutes(16));
    is_unknown(server, ONE).await;
}

async fn a_slow_provider_holds_up_nobody_else(server: &Server) {
    let provider = with_provider(server).await;
    let well = Provider::start(&[ONE]).await;
    server.shop("starter").await.register("ann").await;
    sign_in_with(server, "starter", &well.auth("other")).await;
    let own = server.user("productready", "ann").await;
    let key = server.service("productready").await;
    let other = token_of(ONE, &claims_of(server, "ann", "other"));
    let other = server.bearer(&other).naming("starter");
    provider.is(Mood::Slow(Duration::from_secs(60)));
    let begun = Instant::now();
    let waiting = many(server, (0..40).map(|_| "one".to_owned()));
    let others = async {
        provider.is_asked(1).await;
        let begun = Instant::now();
        own.get(ME).await;
        key.get("{ user(id: \"ann\") { id } }").await;
        other.get(ME).await;
        assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    };
    let (waited, ()) = tokio::join!(waiting, others);
    for answer in waited {
        answer.refused("OVERLOADED");
    }
    let span = begun.elapsed();
    assert!((4..8).contains(&span.as_secs()), "a provider has 5 seconds: {span:?}");
    assert_eq!(provider.asked(), 1);
}
