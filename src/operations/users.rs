//! Users: sign-up, changes, forgetting, and finding.

use std::time::Duration;

use serde_json::Value;

use super::forgetting::forget;
use super::page::{Page, PageRequest, Spot};
use super::submit::{Done, Draft, submit};
use super::{Call, credits, input, tenants};
use crate::domain::amount::Amount;
use crate::domain::caller::Role;
use crate::domain::command::{Body, Patch, PersonalChange};
use crate::domain::records::{User, mailbox};
use crate::domain::refusal::Refusal;
use crate::domain::time::Time;
use crate::store::{Count, Database, Direction, Ranking, Standing, UserFilter as StoreFilter};

/// A sign-up, as it came in.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each field is the field of the API's input with the same name")]
pub struct SignUp {
    pub id: String,
    pub name: Option<String>,
    pub email: Option<String>,
    pub email_verified: bool,
    pub referral_code: Option<String>,
    pub ip_address: Option<String>,
    pub device_id: Option<String>,
    pub traits: Option<Value>,
}

/// A change of a user, as it came in.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each field is the field of the API's input with the same name")]
pub struct UserChange {
    pub id: String,
    pub name: Patch<String>,
    pub email: Patch<String>,
    pub email_verified: Option<bool>,
    pub traits: Patch<Value>,
}

/// How long a call that erases a user waits until the user is wholly forgotten.
const WAITED_FOR: Duration = Duration::from_secs(1);

/// Which users; what is left out does not matter.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "each field is the field of the API's input with the same name")]
pub struct UserFilter {
    pub search: Option<String>,
    pub min_balance: Option<Amount>,
    pub unit: Option<String>,
    pub created_from: Option<Time>,
    pub created_to: Option<Time>,
}

/// In which order users are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserOrder {
    /// The latest sign-up first.
    NewestFirst,
    /// The earliest sign-up first.
    OldestFirst,
    /// The greatest balance first.
    BalanceFirst,
    /// The most earned first.
    EarnedFirst,
}

/// Signs a user up; the same id again changes nothing. Needs a service key.
pub async fn register(call: &Call, sign_up: SignUp) -> Result<Done, Refusal> {
    call.caller.require_service()?;
    check_sign_up(&sign_up)?;
    let traits = input::object("traits", sign_up.traits)?;
    let secret = tenants::secret(call).await?;
    let digest = |label, text: Option<String>| text.map(|text| secret.digest(label, &text));
    let personal = PersonalChange {
        email_hash: digest("email", sign_up.email.as_deref().map(mailbox)),
        name: sign_up.name.map_or(Patch::Keep, Patch::Set),
        email: sign_up.email.map_or(Patch::Keep, Patch::Set),
        traits: Patch::Set(traits),
        ip_hash: digest("ip", sign_up.ip_address),
        device_hash: digest("device", sign_up.device_id),
    };
    let body = Body::RegisterUser {
        user_id: sign_up.id.clone(),
        email_verified: sign_up.email_verified,
        referral_code: sign_up.referral_code,
    };
    // A sign-up is told by the user's id alone: other particulars the second time are no conflict.
    let input = Some(Value::String(sign_up.id.clone()));
    submit(call, Draft { key: Some(sign_up.id), body, personal: Some(personal), input }).await
}

/// Looks at a sign-up in itself.
pub fn check_sign_up(sign_up: &SignUp) -> Result<(), Refusal> {
    input::word("id", &sign_up.id)?;
    input::optional_line("name", sign_up.name.as_deref())?;
    input::optional_email(sign_up.email.as_deref())?;
    input::optional_code(sign_up.referral_code.as_deref())?;
    input::optional_word("ipAddress", sign_up.ip_address.as_deref())?;
    input::optional_word("deviceId", sign_up.device_id.as_deref())?;
    input::object("traits", sign_up.traits.clone()).map(drop)
}

/// Changes a user. Needs a service key.
pub async fn update(call: &Call, change: UserChange) -> Result<Done, Refusal> {
    call.caller.require_service()?;
    input::word("id", &change.id)?;
    input::optional_line("name", set(&change.name))?;
    input::optional_email(set(&change.email))?;
    let traits = match change.traits {
        Patch::Keep => Patch::Keep,
        Patch::Clear => Patch::Clear,
        Patch::Set(traits) => Patch::Set(input::object("traits", Some(traits))?),
    };
    let secret = tenants::secret(call).await?;
    let personal = PersonalChange {
        email_hash: set(&change.email).map(|email| secret.digest("email", &mailbox(email))),
        name: change.name,
        email: change.email,
        traits,
        ip_hash: None,
        device_hash: None,
    };
    let body = Body::UpdateUser { user_id: change.id, email_verified: change.email_verified };
    submit(call, Draft { key: None, body, personal: Some(personal), input: None }).await
}

fn set(patch: &Patch<String>) -> Option<&str> {
    match patch {
        Patch::Set(text) => Some(text),
        Patch::Keep | Patch::Clear => None,
    }
}

/// Forgets what is personal about a user. Needs an admin key.
pub async fn erase(call: &Call, user_id: &str) -> Result<Done, Refusal> {
    call.caller.require_admin()?;
    input::word("userId", user_id)?;
    let body = Body::EraseUser { user_id: user_id.to_owned() };
    let done = submit(call, Draft::new(None, body)).await?;
    // Whoever has little behind them is wholly forgotten by now; a job goes on with the others, and
    // where this breaks off.
    let tenant_id = call.tenant()?.id;
    if let Err(refusal) = forget(&call.operations, (tenant_id, user_id), WAITED_FOR).await {
        tracing::warn!(tenant = tenant_id, %refusal, "a user is forgotten later");
    }
    Ok(done)
}

/// The signed-in end user. A key is FORBIDDEN; a user who never signed up is NOT_FOUND.
pub async fn me(call: &Call) -> Result<User, Refusal> {
    call.caller.require_user()?;
    match &call.caller.role {
        Role::User(id) => expect(call, id).await,
        _ => {
            Err(Refusal::forbidden("me is for an end user's token: with a key, ask for user(id:)."))
        }
    }
}

/// One user, if there is one. Needs a service key.
pub async fn one(call: &Call, user_id: &str) -> Result<Option<User>, Refusal> {
    call.caller.require_service()?;
    input::word("id", user_id)?;
    Ok(find(call, &[user_id.to_owned()]).await?.pop())
}

/// A user who must be there, else NOT_FOUND.
pub async fn expect(call: &Call, user_id: &str) -> Result<User, Refusal> {
    let found = find(call, &[user_id.to_owned()]).await?.pop();
    found.ok_or_else(|| {
        Refusal::not_found(format!("There is no user {user_id:?}: sign them up with registerUser."))
    })
}

/// The users with these ids, as far as they are there, in no order.
pub async fn find(call: &Call, ids: &[String]) -> Result<Vec<User>, Refusal> {
    Ok(call.operations.database.users_by_ids(call.tenant()?.id, ids).await?)
}

/// Users who match, in order. Needs an admin key.
pub async fn list(
    call: &Call,
    filter: UserFilter,
    order: UserOrder,
    request: PageRequest,
) -> Result<Page<User>, Refusal> {
    call.caller.require_admin()?;
    input::optional_line("search", filter.search.as_deref())?;
    let filter = StoreFilter {
        search: filter.search.filter(|search| !search.trim().is_empty()),
        min_balance: filter.min_balance,
        unit: credits::unit(call, filter.unit).await?,
        created_from: filter.created_from,
        created_to: filter.created_to,
    };
    let (database, tenant_id) = (&call.operations.database, call.tenant()?.id);
    let total = match request.counted {
        true => Some(database.count_users(tenant_id, &filter).await?),
        false => None,
    };
    let list = List { database, tenant_id, filter, request, total };
    match order {
        UserOrder::NewestFirst => list.by_sign_up(Direction::NewestFirst).await,
        UserOrder::OldestFirst => list.by_sign_up(Direction::OldestFirst).await,
        UserOrder::BalanceFirst => list.by_amount(Ranking::Balance).await,
        UserOrder::EarnedFirst => list.by_amount(Ranking::Earned).await,
    }
}

/// A list of users that is asked for.
struct List<'a> {
    database: &'a Database,
    tenant_id: i64,
    filter: StoreFilter,
    request: PageRequest,
    total: Option<Count>,
}

impl List<'_> {
    async fn by_sign_up(self, direction: Direction) -> Result<Page<User>, Refusal> {
        let page = self.request.by_position()?;
        let found =
            self.database.users_by_sign_up(self.tenant_id, &self.filter, direction, page).await?;
        Ok(Page::of(found, |user| user.created.into(), self.total))
    }

    async fn by_amount(self, ranking: Ranking) -> Result<Page<User>, Refusal> {
        let page = self.request.keyed(standing)?;
        let found =
            self.database.users_by_amount(self.tenant_id, &self.filter, ranking, page).await?;
        let (has_next, has_previous) = (found.has_next, found.has_previous);
        let entries = found.rows.into_iter().map(|(user, place)| (spot_of(place), user)).collect();
        Ok(Page { entries, has_next, has_previous, total: self.total })
    }
}

fn spot_of(place: Standing) -> Spot {
    let Standing { amount, has_account, user_id } = place;
    Spot { numbers: vec![amount, has_account.into()], text: Some(user_id) }
}

fn standing(spot: &Spot) -> Option<Standing> {
    let ([amount, has_account @ 0..=1], Some(user_id)) = (spot.numbers.as_slice(), &spot.text)
    else {
        return None;
    };
    Some(Standing { amount: *amount, has_account: *has_account == 1, user_id: user_id.clone() })
}
