//! Queries about users.

use async_graphql::{Context, ID, Object};

use super::{User, UserFilter, UserOrder};
use crate::graphql::cost;
use crate::graphql::error::Result;
use crate::graphql::loaders::call;
use crate::graphql::page::{self, CountedConnection, PageArgs};
use crate::operations::users;

/// Queries about users.
#[derive(Default)]
pub struct UserQuery;

#[Object]
#[expect(clippy::too_many_arguments, reason = "a list's arguments are Relay's, each by its name")]
impl UserQuery {
    /// The signed-in end user. Needs a user's token.
    async fn me(&self, ctx: &Context<'_>) -> Result<User> {
        Ok(User(users::me(call(ctx)?).await?))
    }

    /// One user; null when there is no such user. Needs a service key.
    async fn user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The tenant's own id of the user.")] id: ID,
    ) -> Result<Option<User>> {
        Ok(users::one(call(ctx)?, &id).await?.map(User))
    }

    /// Everyone, or those who match. Users with credits are `filter: {minBalance: 1}, orderBy: BALANCE_DESC`. Balances in filter and order are as of the last sweep, at most 60 seconds old. Needs an admin key.
    #[graphql(complexity = "cost::page(first, last, child_complexity)")]
    async fn users(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "How many from the beginning of the list, 1 to 100; 20 when neither first nor last is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Begin after the entry of this cursor; at the beginning when null.")]
        after: Option<String>,
        #[graphql(desc = "How many from the end of the list, 1 to 100; not together with first.")]
        last: Option<i32>,
        #[graphql(desc = "End before the entry of this cursor; at the end when null.")]
        before: Option<String>,
        #[graphql(desc = "Only those that match.")] filter: Option<UserFilter>,
        #[graphql(desc = "In which order.", default_with = "Some(UserOrder::CreatedDesc)")]
        order_by: Option<UserOrder>,
    ) -> Result<CountedConnection<User>> {
        let call = call(ctx)?;
        let order = order_by.unwrap_or(UserOrder::CreatedDesc);
        let list = order.list_name();
        let mut page = page::request(call, list, PageArgs { first, after, last, before })?;
        page::count_if_selected(ctx, &mut page);
        let filter = filter.unwrap_or_default().into();
        let found = users::list(call, filter, order.into(), page).await?;
        page::counted_connection(call, list, found, User)
    }
}
