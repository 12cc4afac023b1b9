//! What is pushed over a socket.

use async_graphql::futures_util::stream::{Stream, StreamExt};
use async_graphql::{Context, ID, Subscription as Pushed};

use super::credit::CreditAccount;
use super::error::Result;
use super::loaders::call;
use super::notice::Notification;
use crate::operations::{Call, live};

/// What is pushed over a socket at `/graphql/ws`, in the protocol graphql-transport-ws. The credential goes into the payload of `connection_init`: `{"authorization": "Bearer ..."}`. A subscription selects exactly one field.
#[derive(Default)]
pub struct Subscription;

/// What is pushed over a socket at `/graphql/ws`, in the protocol graphql-transport-ws. The credential goes into the payload of `connection_init`: `{"authorization": "Bearer ..."}`. A subscription selects exactly one field.
#[Pushed]
impl Subscription {
    /// The account: at once, and then within a second of any change, whichever server made it, and when a grant expires or a hold ends. Changes that follow one another closely come as one. Needs a user's token or a key.
    async fn credits_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; an end user leaves it out.")] user_id: Option<ID>,
        #[graphql(desc = "The unit; the tenant's main unit when null.")] unit: Option<String>,
    ) -> Result<impl Stream<Item = CreditAccount>> {
        let call = call(ctx)?;
        let user_id = user_id.as_ref().map(|id| id.as_str());
        let accounts = live::accounts(call, user_id, unit).await?;
        Ok(afresh(call, accounts).map(CreditAccount))
    }

    /// Each notice that the user gets from now on, once, in order. Needs a user's token or a key.
    async fn notification_added(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; an end user leaves it out.")] user_id: Option<ID>,
    ) -> Result<impl Stream<Item = Notification>> {
        let call = call(ctx)?;
        let user_id = user_id.as_ref().map(|id| id.as_str());
        let notices = live::notices(call, user_id).await?;
        Ok(afresh(call, notices).map(Notification))
    }
}

/// The same items; before each the call forgets what was in force. (Loaders keep nothing.)
fn afresh<T>(call: &Call, items: impl Stream<Item = T>) -> impl Stream<Item = T> {
    items.then(async |item| {
        call.forget_in_force().await;
        item
    })
}
