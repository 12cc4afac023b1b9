//! What a provider's token must say (RFC 7519, section 4.1) before it names a user.

use chrono::TimeDelta;
use serde_json::{Map, Value};

use crate::domain::provider::Provider;
use crate::domain::time::Time;
use crate::operations::input;

/// How far a provider's clock and ours may be apart.
const SKEW: TimeDelta = TimeDelta::seconds(60);

/// The claims of a token whose signature was checked.
pub type Claims = Map<String, Value>;

/// The tenant's own id of the user whom the claims name, when they hold at `now`. The error says which
/// claim does not hold; what the claim says is not told.
pub fn user(claims: &Claims, provider: &Provider, now: Time) -> Result<String, String> {
    if claims.get("iss").and_then(Value::as_str) != Some(&provider.issuer) {
        return Err("its issuer, iss, is another".to_owned());
    }
    if !is_for(claims.get("aud"), &provider.audience) {
        return Err("it is for another audience, aud".to_owned());
    }
    let Some(end) = instant(claims, "exp")? else {
        return Err("it has no end, exp".to_owned());
    };
    if now >= end + SKEW {
        return Err("it has expired".to_owned());
    }
    if instant(claims, "nbf")?.is_some_and(|begin| now + SKEW < begin) {
        return Err("it does not hold yet, by nbf".to_owned());
    }
    if instant(claims, "iat")?.is_some_and(|made| now + SKEW < made) {
        return Err("it was made in the future, by iat".to_owned());
    }
    user_id(claims, &provider.user_claim)
}

fn is_for(claim: Option<&Value>, audience: &str) -> bool {
    match claim {
        Some(Value::String(one)) => one == audience,
        Some(Value::Array(several)) => several.iter().any(|one| one == audience),
        _ => false,
    }
}

/// An instant in seconds since 1970, whole or not; `None` when the claim is not there.
fn instant(claims: &Claims, name: &str) -> Result<Option<Time>, String> {
    let Some(claim) = claims.get(name) else { return Ok(None) };
    // A fraction of a second is nothing beside the skew. A number that is too great is none.
    #[expect(clippy::cast_possible_truncation, reason = "a cast from f64 ends at the greatest i64")]
    let seconds = claim.as_i64().or_else(|| claim.as_f64().map(|seconds| seconds.floor() as i64));
    let instant = seconds.and_then(|seconds| Time::from_timestamp(seconds, 0));
    let within = |instant: &Time| instant.checked_add_signed(SKEW).is_some();
    let instant = instant.filter(within);
    instant.map(Some).ok_or_else(|| format!("its {name} is no time in seconds"))
}

/// The user's id: a text, or a whole number, which is written in digits.
fn user_id(claims: &Claims, claim: &str) -> Result<String, String> {
    let id = match claims.get(claim) {
        Some(Value::String(id)) => id.clone(),
        Some(Value::Number(id)) if id.is_i64() || id.is_u64() => id.to_string(),
        _ => return Err(format!("its claim {claim} names no user")),
    };
    match input::word("the user's id", &id) {
        Ok(()) => Ok(id),
        Err(_) => Err(format!("its claim {claim} is no id of a user: 1 to 255 characters")),
    }
}
