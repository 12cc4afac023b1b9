//! Relay's pages: connections, edges and opaque cursors that name their list and tenant.

use std::borrow::Cow;

use async_graphql::{Context, OutputType, SimpleObject, TypeName};

use super::error::Result;
use super::scalars::int;
use super::{cost, cursor};
use crate::domain::refusal::Refusal;
use crate::operations::Call;
use crate::operations::page::{Page, PageRequest, Spot};

/// Where a page stands in its list.
#[derive(SimpleObject)]
pub struct PageInfo {
    /// Whether there is more after this page.
    has_next_page: bool,
    /// Whether there is more before this page.
    has_previous_page: bool,
    /// The cursor of the first entry; null when the page is empty.
    start_cursor: Option<String>,
    /// The cursor of the last entry; null when the page is empty.
    end_cursor: Option<String>,
}

/// An entry of a list, with its place.
#[derive(SimpleObject)]
#[graphql(name_type)]
pub struct Edge<T: OutputType> {
    /// The entry's place, for `after` and `before`.
    cursor: String,
    /// The entry.
    node: T,
}

/// A page of a list.
#[derive(SimpleObject)]
#[graphql(name_type)]
pub struct Connection<T: OutputType> {
    /// The entries with their cursors.
    pub(super) edges: Vec<Edge<T>>,
    /// The entries alone.
    pub(super) nodes: Vec<T>,
    /// Where the page stands in the list.
    pub(super) page_info: PageInfo,
}

/// A page of a list that can be counted: exactly without a filter, for one user, one user and source, or one status; else up to 10,000.
#[derive(SimpleObject)]
#[graphql(name_type)]
pub struct CountedConnection<T: OutputType> {
    /// The entries with their cursors.
    edges: Vec<Edge<T>>,
    /// The entries alone.
    nodes: Vec<T>,
    /// Where the page stands in the list.
    page_info: PageInfo,
    /// How many entries the whole list has, or at least has when `totalCountCapped` is true.
    total_count: i32,
    /// Whether counting stopped at `totalCount`.
    total_count_capped: bool,
}

impl<T: OutputType> TypeName for Edge<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", T::type_name()).into()
    }
}

impl<T: OutputType> TypeName for Connection<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", T::type_name()).into()
    }
}

impl<T: OutputType> TypeName for CountedConnection<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", T::type_name()).into()
    }
}

/// The arguments by which every list is paged.
pub struct PageArgs {
    /// How many from the beginning.
    pub first: Option<i32>,
    /// After which cursor.
    pub after: Option<String>,
    /// How many from the end.
    pub last: Option<i32>,
    /// Before which cursor.
    pub before: Option<String>,
}

/// Reads the arguments of the list named `list`; refuses sizes beyond 1 to 100, `first` with
/// `last` (Relay's specification allows both, and strongly discourages it), and cursors of another
/// list or tenant. Without a size it is the first page from there.
pub fn request(call: &Call, list: &str, args: PageArgs) -> Result<PageRequest> {
    if args.first.is_some() && args.last.is_some() {
        return Err(Refusal::bad_input("Give first or last, not both.").into());
    }
    let within = |size: i32| {
        let size = usize::try_from(size).ok();
        size.filter(|size| (1..=cost::LONGEST_PAGE).contains(size)).ok_or_else(|| {
            Refusal::bad_input("A page has 1 to 100 entries: give first or last in that range.")
        })
    };
    let size = args.first.or(args.last).map_or(Ok(cost::PAGE), within)?;
    let place = |text: Option<String>| text.map(|text| read(call, list, &text)).transpose();
    Ok(PageRequest {
        limit: u64::try_from(size).unwrap_or(u64::MAX),
        backwards: args.last.is_some(),
        after: place(args.after)?,
        before: place(args.before)?,
        counted: false,
    })
}

/// The place that a cursor names; BAD_USER_INPUT when it is none of this list and tenant.
fn read(call: &Call, list: &str, text: &str) -> std::result::Result<Spot, Refusal> {
    let cursor = cursor::read(text).filter(|cursor| cursor.is_of(list, tenant(call)));
    cursor.map(|cursor| cursor.spot).ok_or_else(|| {
        Refusal::bad_input("This is no cursor of this list: pass an endCursor or startCursor that the same list gave.")
    })
}

/// The number of the tenant whose list it is; 0 for the list of tenants.
fn tenant(call: &Call) -> i64 {
    call.caller.tenant.as_ref().map_or(0, |tenant| tenant.id)
}

/// Asks for the whole list to be counted too, when the document selects the count.
pub fn count_if_selected(ctx: &Context<'_>, request: &mut PageRequest) {
    let selected = |field: &str| ctx.look_ahead().field(field).exists();
    request.counted = selected("totalCount") || selected("totalCountCapped");
}

/// Gives a page to clients, each record made into its node.
pub fn connection<R: Clone, T: OutputType>(
    call: &Call,
    list: &str,
    page: Page<R>,
    node: impl Fn(R) -> T,
) -> Result<Connection<T>> {
    let parts = parts(call, list, page, node);
    Ok(Connection { edges: parts.edges, nodes: parts.nodes, page_info: parts.page_info })
}

/// Gives a page to clients with the list's count.
pub fn counted_connection<R: Clone, T: OutputType>(
    call: &Call,
    list: &str,
    page: Page<R>,
    node: impl Fn(R) -> T,
) -> Result<CountedConnection<T>> {
    let total = page.total;
    let parts = parts(call, list, page, node);
    Ok(CountedConnection {
        edges: parts.edges,
        nodes: parts.nodes,
        page_info: parts.page_info,
        total_count: total.map_or(0, |total| int(total.total)),
        total_count_capped: total.is_some_and(|total| total.capped),
    })
}

struct Parts<T: OutputType> {
    edges: Vec<Edge<T>>,
    nodes: Vec<T>,
    page_info: PageInfo,
}

fn parts<R: Clone, T: OutputType>(
    call: &Call,
    list: &str,
    page: Page<R>,
    node: impl Fn(R) -> T,
) -> Parts<T> {
    let mut edges = Vec::with_capacity(page.entries.len());
    let mut nodes = Vec::with_capacity(page.entries.len());
    for (spot, record) in page.entries {
        nodes.push(node(record.clone()));
        edges.push(Edge { cursor: cursor::write(list, tenant(call), &spot), node: node(record) });
    }
    let page_info = PageInfo {
        has_next_page: page.has_next,
        has_previous_page: page.has_previous,
        start_cursor: edges.first().map(|edge| edge.cursor.clone()),
        end_cursor: edges.last().map(|edge| edge.cursor.clone()),
    };
    Parts { edges, nodes, page_info }
}
