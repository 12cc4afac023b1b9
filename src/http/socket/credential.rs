//! Who opens a socket, and whether that still holds.

use std::time::Duration;

use tokio::time::sleep;

use super::close::Close;
use super::messages::Object;
use crate::domain::refusal::{Code, Refusal};
use crate::http::auth::{Origin, bearer};
use crate::http::served::Served;
use crate::operations::Call;
use crate::operations::authentication::{Shown, authenticate};

/// How often the credential of an open socket is looked at again. Keys are remembered for four
/// seconds; so a socket ends within five when its key does, whichever server ended it.
const EVERY: Duration = Duration::from_secs(1);

/// Finds out who opens a socket with this payload of the first message; a socket is for those with
/// a credential.
pub async fn admit(
    served: Served,
    origin: Origin,
    payload: Object,
) -> Result<(Call, Shown), Close> {
    let Some(authorization) = named(&payload, "authorization") else {
        let message = "send {\"authorization\": \"Bearer ...\"} in the payload of connection_init";
        return Err(Close::forbidden(message));
    };
    let bearer = Some(bearer(authorization).map_err(|refusal| close_of(&refusal))?);
    let shown = Shown { bearer, tenant: named(&payload, "x-tenant").map(str::to_owned) };
    let call = origin.call(&served, &shown).await.map_err(|refusal| close_of(&refusal))?;
    Ok((call, shown))
}

/// Waits until the credential does not hold any more. A database that does not answer says nothing
/// about that.
pub async fn until_refused(served: Served, shown: Shown) -> Close {
    loop {
        sleep(EVERY).await;
        match authenticate(&served.operations, &shown).await {
            Err(refusal) if is_definite(&refusal) => {
                return Close::forbidden("the credential holds no more");
            }
            Err(_) | Ok(_) => {}
        }
    }
}

/// The text with this name, whose case says nothing: it may be written as the header is.
fn named<'a>(payload: &'a Object, name: &str) -> Option<&'a str> {
    let mut fields = payload.iter().filter(|(field, _)| field.eq_ignore_ascii_case(name));
    fields.find_map(|(_, value)| value.as_str())
}

/// Does a refusal say that the credential does not hold?
fn is_definite(refusal: &Refusal) -> bool {
    matches!(refusal.code, Code::Unauthenticated | Code::Forbidden | Code::NotFound)
}

fn close_of(refusal: &Refusal) -> Close {
    match refusal.code {
        Code::Overloaded | Code::OutcomeUnknown | Code::RateLimited => Close::try_again_later(),
        Code::Internal => {
            tracing::error!("who opens a socket cannot be told: {}", refusal.message);
            Close::internal()
        }
        _ => Close::forbidden(&refusal.message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_does_not_answer_forbids_nothing() {
        let close = |code| close_of(&Refusal::new(code, "Because.")).code;
        assert_eq!(close(Code::Overloaded), 1013);
        assert_eq!(close(Code::Internal), 4500);
        for code in [Code::Unauthenticated, Code::Forbidden, Code::NotFound] {
            assert_eq!(close(code), 4403);
            assert!(is_definite(&Refusal::new(code, "")));
        }
        for code in [Code::Overloaded, Code::OutcomeUnknown, Code::Internal, Code::RateLimited] {
            assert!(!is_definite(&Refusal::new(code, "")));
        }
    }

    #[test]
    fn the_case_of_a_name_says_nothing() {
        let payload = serde_json::json!({ "Authorization": "Bearer x", "X-TENANT": 1 });
        let payload = payload.as_object().unwrap();
        assert_eq!(named(payload, "authorization"), Some("Bearer x"));
        assert_eq!(named(payload, "x-tenant"), None);
    }
}
