//! Notices to users.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::error::Result;
use super::loaders::call;
use super::scalars::{DateTime, int};
use crate::domain::records;
use crate::operations::notices;

/// A notice in the product.
#[derive(Clone)]
pub struct Notification(pub records::Notice);

/// A notice in the product.
#[Object]
impl Notification {
    /// The notice's id.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What kind it is, for the interface.
    async fn kind(&self) -> &str {
        &self.0.kind
    }

    /// The text.
    async fn message(&self) -> &str {
        &self.0.message
    }

    /// Whether it was read.
    async fn read(&self) -> bool {
        self.0.read
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}

/// Which notices were read.
#[derive(InputObject)]
pub struct MarkNotificationsReadInput {
    /// Their ids; all of the user's when null.
    ids: Option<Vec<ID>>,
    /// Whose; an end user leaves it out.
    user_id: Option<ID>,
}

/// What is left to read.
#[derive(SimpleObject)]
pub struct MarkNotificationsReadPayload {
    /// How many notices the user has not read.
    unread: i32,
}

/// Changes of notices.
#[derive(Default)]
pub struct NoticeMutation;

#[Object]
impl NoticeMutation {
    /// Marks notices read. Needs a user's token or a key.
    async fn mark_notifications_read(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which notices, of whom.")] input: MarkNotificationsReadInput,
    ) -> Result<MarkNotificationsReadPayload> {
        let call = call(ctx)?;
        let user_id = input.user_id.as_ref().map(|id| id.as_str());
        let ids = input.ids.map(|ids| ids.into_iter().map(|id| id.0).collect());
        let unread = notices::mark_read(call, user_id, ids).await?;
        Ok(MarkNotificationsReadPayload { unread: int(unread) })
    }
}
