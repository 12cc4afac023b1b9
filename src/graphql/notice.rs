//! Notices to users.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::error::Result;
use super::loaders::call;
use super::page::{Connection, Edge, PageInfo};
use super::scalars::{DateTime, int};
use crate::domain::records;
use crate::operations::notices;

/// A notice in the product. Its text is empty once the user whom it speaks of was erased.
#[derive(Clone)]
pub struct Notification(pub records::Notice);

/// A notice in the product. Its text is empty once the user whom it speaks of was erased.
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

/// A page of a user's notices.
#[derive(SimpleObject)]
pub struct NotificationConnection {
    /// The entries with their cursors.
    edges: Vec<Edge<Notification>>,
    /// The entries alone.
    nodes: Vec<Notification>,
    /// Where the page stands in the list.
    page_info: PageInfo,
    /// How many notices the user has not read, on whatever page they are.
    unread_count: i32,
}

impl NotificationConnection {
    /// A page of a user's notices, of which so many are unread in all.
    pub fn new(page: Connection<Notification>, unread: i64) -> Self {
        let Connection { edges, nodes, page_info } = page;
        Self { edges, nodes, page_info, unread_count: int(unread) }
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
