//! User tokens: with one, a browser calls as one user. They are signed with the tenant's secret.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use super::secrets::TenantSecret;
use super::{Call, input, tenants, users};
use crate::domain::refusal::Refusal;
use crate::domain::time::Time;

/// How long a token can hold, in seconds: at most a week, for it cannot be taken back.
const TTL_SECONDS: std::ops::RangeInclusive<i64> = 1..=604_800;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The tenant's own id of the user.
    pub sub: String,
    /// The tenant's slug.
    pub tenant: String,
    /// When it ends, in seconds since the epoch.
    pub exp: i64,
}

/// A token, signed.
#[derive(Debug)]
pub struct Issued {
    /// The token.
    pub token: String,
    /// When it ends.
    pub expires_at: Time,
}

/// Signs a token for a user, who must be there. Needs a service key.
pub async fn issue(call: &Call, user_id: &str, ttl_seconds: i64) -> Result<Issued, Refusal> {
    call.caller.require_service()?;
    input::word("userId", user_id)?;
    if !TTL_SECONDS.contains(&ttl_seconds) {
        return Err(Refusal::bad_input("ttlSeconds must be 1 to 604800, a week."));
    }
    let user = users::expect(call, user_id).await?;
    if user.erased_at.is_some() {
        return Err(Refusal::not_found(format!("The user {user_id} was erased.")));
    }
    let secret = tenants::secret(call).await?;
    let end = call.now() + TimeDelta::seconds(ttl_seconds);
    let claims = Claims { sub: user.id, tenant: call.tenant()?.slug.clone(), exp: end.timestamp() };
    let expires_at = chrono::DateTime::from_timestamp(claims.exp, 0).unwrap_or(end);
    Ok(Issued { token: sign(&secret, &claims)?, expires_at })
}

fn sign(secret: &TenantSecret, claims: &Claims) -> Result<String, Refusal> {
    let key = EncodingKey::from_secret(secret.signing_key());
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &key)
        .map_err(|error| Refusal::internal(format!("a token cannot be signed: {error}")))
}

/// The tenant that a token names, not checked yet: with its secret the token is to be checked.
#[must_use]
pub fn named_tenant(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        tenant: String,
    }
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    Some(serde_json::from_slice::<Named>(&payload).ok()?.tenant)
}

/// What a token says, when it was signed with this secret and holds at `now`.
#[must_use]
pub fn check(secret: &TenantSecret, token: &str, now: Time) -> Option<Claims> {
    let mut rules = Validation::new(Algorithm::HS256);
    // The end is compared with the injected clock below, not with the machine's.
    rules.validate_exp = false;
    rules.validate_aud = false;
    let key = DecodingKey::from_secret(secret.signing_key());
    let claims = jsonwebtoken::decode::<Claims>(token, &key, &rules).ok()?.claims;
    (now.timestamp() < claims.exp && input::word("sub", &claims.sub).is_ok()).then_some(claims)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_holds_until_its_end_under_its_own_secret() {
        let secret = TenantSecret::new("one".to_owned());
        let claims = Claims { sub: "ann".into(), tenant: "acme".into(), exp: 1_000 };
        let token = sign(&secret, &claims).unwrap();
        let at = |seconds| chrono::DateTime::from_timestamp(seconds, 0).unwrap();
        assert_eq!(named_tenant(&token).as_deref(), Some("acme"));
        assert_eq!(check(&secret, &token, at(999)), Some(claims));
        assert_eq!(check(&secret, &token, at(1_000)), None);
        assert_eq!(check(&TenantSecret::new("other".to_owned()), &token, at(999)), None);
    }

    #[test]
    fn an_unsigned_token_is_none() {
        let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
        let header = part(r#"{"alg":"none","typ":"JWT"}"#);
        let claims = part(r#"{"sub":"ann","tenant":"acme","exp":9999999999}"#);
        let now = chrono::DateTime::from_timestamp(0, 0).unwrap();
        let secret = TenantSecret::new("one".to_owned());
        assert_eq!(check(&secret, &format!("{header}.{claims}."), now), None);
    }
}
