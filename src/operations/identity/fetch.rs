//! Fetching a provider's key set.

use std::sync::OnceLock;
use std::time::Duration;

use chrono::TimeDelta;
use reqwest::header::{ACCEPT, CACHE_CONTROL, HeaderMap};
use reqwest::{Client, redirect};

use super::keys::KeySet;

/// How long a provider may take, from the first packet to the last.
const LONGEST: Duration = Duration::from_secs(5);
/// How much a key set may be, in bytes.
const MOST_BYTES: usize = 256 * 1_024;

/// For how long a set is fresh when its answer does not say.
const FRESH: TimeDelta = TimeDelta::minutes(10);
/// The least and the most that its answer may say: a withdrawn key ends within an hour.
const FRESH_WITHIN: [TimeDelta; 2] = [TimeDelta::minutes(1), TimeDelta::hours(1)];

/// A key set that a provider gave.
pub struct Fetched {
    /// Its keys.
    pub keys: KeySet,
    /// For how long it need not be fetched again.
    pub fresh_for: TimeDelta,
}

/// Why there is none: a line for the log, which names no address.
#[derive(Debug, thiserror::Error)]
pub enum Unfetched {
    /// The way there failed.
    #[error("it cannot be reached: {0}")]
    Unreached(#[from] reqwest::Error),
    /// It answered something else than 200. It is not followed anywhere else.
    #[error("it answered {0}")]
    Status(reqwest::StatusCode),
    /// It answered too much.
    #[error("its answer is longer than {MOST_BYTES} bytes")]
    TooLong,
    /// It answered no key set.
    #[error("its answer is no JSON Web Key Set")]
    NoKeySet,
}

/// Fetches the key set at an address, once.
pub async fn fetch(address: &str) -> Result<Fetched, Unfetched> {
    let request =
        client()?.get(address).header(ACCEPT, "application/jwk-set+json, application/json");
    let mut response = request.send().await.map_err(reqwest::Error::without_url)?;
    if response.status() != reqwest::StatusCode::OK {
        return Err(Unfetched::Status(response.status()));
    }
    let fresh_for = fresh_for(response.headers());
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.map_err(reqwest::Error::without_url)? {
        if body.len() + part.len() > MOST_BYTES {
            return Err(Unfetched::TooLong);
        }
        body.extend_from_slice(&part);
    }
    let keys = KeySet::of_jwks(&body).ok_or(Unfetched::NoKeySet)?;
    Ok(Fetched { keys, fresh_for })
}

/// The one client of the process, which keeps connections.
fn client() -> Result<Client, reqwest::Error> {
    static CLIENT: OnceLock<Client> = OnceLock::new();
    if let Some(client) = CLIENT.get() {
        return Ok(client.clone());
    }
    let built = Client::builder().timeout(LONGEST).redirect(redirect::Policy::none()).build()?;
    Ok(CLIENT.get_or_init(|| built).clone())
}

fn fresh_for(headers: &HeaderMap) -> TimeDelta {
    let [least, most] = FRESH_WITHIN;
    let texts = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let mut words = texts.flat_map(|text| text.split(',')).map(str::trim);
    let said = words.find_map(|word| {
        let seconds = word.to_ascii_lowercase().strip_prefix("max-age=")?.parse().ok()?;
        Some(TimeDelta::try_seconds(seconds).unwrap_or(most))
    });
    said.map_or(FRESH, |said| said.clamp(least, most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_within_bounds_how_long_it_is_fresh() {
        let of = |value: &'static str| {
            fresh_for(&HeaderMap::from_iter([(CACHE_CONTROL, value.parse().unwrap())]))
                .num_seconds()
        };
        assert_eq!(fresh_for(&HeaderMap::new()).num_seconds(), 600);
        assert_eq!(of("public, max-age=900, must-revalidate"), 900);
        assert_eq!(of("Max-Age=5"), 60);
        assert_eq!(of("max-age=9223372036854775807"), 3_600);
        for silent in ["no-cache", "max-age=soon", "s-maxage=7"] {
            assert_eq!(of(silent), 600, "{silent}");
        }
    }
}
