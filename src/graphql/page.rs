//! Relay's pages: connections, edges and opaque cursors that name their list and tenant.

use std::borrow::Cow;

use async_graphql::{Context, OutputType, SimpleObject, TypeName};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::error::Result;
use super::scalars::int;
use crate::domain::refusal::Refusal;
use crate::operations::Call;
use crate::operations::page::{Page, PageRequest, Spot};

/// How many entries a page has when its size is not given.
const DEFAULT_SIZE: u64 = 20;
/// How many entries a page has at most.
const MAX_SIZE: i32 = 100;
/// How long a cursor can be that we made.
const MAX_CURSOR: usize = 1_024;

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
/// `last`, and cursors of another list or tenant.
pub fn request(call: &Call, list: &str, args: PageArgs) -> Result<PageRequest> {
    let (size, backwards) = match (args.first, args.last) {
        (Some(_), Some(_)) => {
            return Err(Refusal::bad_input("Give first or last, not both.").into());
        }
        (Some(first), None) => (Some(first), false),
        (None, Some(last)) => (Some(last), true),
        (None, None) => (None, false),
    };
    let limit = match size {
        None => DEFAULT_SIZE,
        Some(size @ 1..=MAX_SIZE) => u64::from(size.unsigned_abs()),
        Some(_) => {
            return Err(Refusal::bad_input(
                "A page has 1 to 100 entries: give first or last in that range.",
            )
            .into());
        }
    };
    let place = |cursor: Option<String>| cursor.map(|text| decode(call, list, &text)).transpose();
    let (after, before) = (place(args.after)?, place(args.before)?);
    Ok(PageRequest { limit, backwards, after, before, counted: false })
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
        edges.push(Edge { cursor: encode(call, list, &spot), node: node(record) });
    }
    let page_info = PageInfo {
        has_next_page: page.has_next,
        has_previous_page: page.has_previous,
        start_cursor: edges.first().map(|edge| edge.cursor.clone()),
        end_cursor: edges.last().map(|edge| edge.cursor.clone()),
    };
    Parts { edges, nodes, page_info }
}

/// Writes a place as a cursor: the list's name, the tenant's number and the place, in JSON.
fn encode(call: &Call, list: &str, spot: &Spot) -> String {
    let tenant = call.caller.tenant.as_ref().map_or(0, |tenant| tenant.id);
    let plain = serde_json::json!([list, tenant, spot.numbers, spot.text]);
    URL_SAFE_NO_PAD.encode(plain.to_string())
}

fn decode(call: &Call, list: &str, cursor: &str) -> Result<Spot> {
    let tenant = call.caller.tenant.as_ref().map_or(0, |tenant| tenant.id);
    let read = || {
        let plain = URL_SAFE_NO_PAD.decode(cursor).ok().filter(|_| cursor.len() <= MAX_CURSOR)?;
        serde_json::from_slice::<(String, i64, Vec<i64>, Option<String>)>(&plain).ok()
    };
    match read() {
        Some((of, whose, numbers, text)) if of == list && whose == tenant => {
            Ok(Spot { numbers, text })
        }
        _ => Err(Refusal::bad_input(
            "This is no cursor of this list: pass an endCursor or startCursor that the same list gave.",
        )
        .into()),
    }
}
