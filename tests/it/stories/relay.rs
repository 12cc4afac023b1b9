//! Pages as Relay's specification of cursor connections has them, of several lists, from each end and
//! between any two cursors.

use serde_json::{Value, json};

use crate::harness::{Caller, Server};
use crate::stories;

stories!("rules/productready":
    every_page_is_what_relay_says,
    a_list_without_entries_has_no_cursors,
    sizes_and_cursors_that_cannot_be_are_refused,
);

/// How many entries each of the lists has.
const ENTRIES: usize = 9;
/// A list, and the field that names its entries.
const LISTS: [(&str, &str); 3] = [("users", "id"), ("transactions", "id"), ("promoCodes", "code")];

async fn fill(server: &Server) -> Caller {
    let shop = server.shop("productready").await;
    for n in 0..ENTRIES {
        let user = format!("user-{n}");
        shop.register(&user).await;
        shop.promo_code(json!({ "code": format!("CODE-{n}"), "data": {} })).await;
    }
    let admin = server.admin("productready").await;
    let booked = admin.get("{ transactions { totalCount } }").await["totalCount"].as_u64();
    for _ in usize::try_from(booked.unwrap()).unwrap()..ENTRIES {
        shop.add(json!({ "userId": "user-0", "amount": 5 })).await.ok();
    }
    admin
}

async fn page(admin: &Caller, (list, field): (&str, &str), arguments: &str) -> Value {
    let page = format!(
        "pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} nodes {{ {field} }}"
    );
    let arguments = if arguments.is_empty() { String::new() } else { format!("({arguments})") };
    admin
        .get(&format!("{{ {list}{arguments} {{ edges {{ cursor node {{ {field} }} }} {page} }} }}"))
        .await
}

/// What a page is asked for: its size from which end, and between which entries of the list.
struct Asked {
    first: Option<usize>,
    last: Option<usize>,
    after: Option<usize>,
    before: Option<usize>,
}

impl Asked {
    fn arguments(&self, edges: &[Value]) -> String {
        let size = |name, size: Option<usize>| size.map(|size| format!("{name}: {size}"));
        let place =
            |name, at: Option<usize>| at.map(|at| format!("{name}: {}", edges[at]["cursor"]));
        let given = [
            size("first", self.first),
            size("last", self.last),
            place("after", self.after),
            place("before", self.before),
        ];
        given.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    /// The page, by the specification's algorithm; 20 entries are more than there are.
    fn expected(&self, all: &[Value]) -> Value {
        let from = self.after.map_or(0, |after| after + 1);
        let to = self.before.unwrap_or(all.len()).max(from);
        let mut edges = all[from..to].to_vec();
        let (mut next, mut previous) =
            (self.before.is_some() && self.first.is_none(), self.after.is_some());
        if let Some(first) = self.first.or(self.last.is_none().then_some(20)) {
            next = edges.len() > first;
            edges.truncate(first);
        }
        if let Some(last) = self.last {
            previous = edges.len() > last;
            edges.drain(..edges.len().saturating_sub(last));
        }
        let cursor = |edge: Option<&Value>| edge.map_or(Value::Null, |edge| edge["cursor"].clone());
        json!({
            "nodes": edges.iter().map(|edge| edge["node"].clone()).collect::<Vec<_>>(),
            "pageInfo": {
                "hasNextPage": next,
                "hasPreviousPage": previous,
                "startCursor": cursor(edges.first()),
                "endCursor": cursor(edges.last()),
            },
            "edges": edges,
        })
    }
}

async fn every_page_is_what_relay_says(server: &Server) {
    let admin = fill(server).await;
    let places = [None, Some(0), Some(4), Some(ENTRIES - 1)];
    for list in LISTS {
        let all = page(&admin, list, "first: 100").await["edges"].as_array().unwrap().clone();
        assert_eq!(all.len(), ENTRIES, "{list:?}");
        for (after, before) in places.iter().flat_map(|after| places.map(|before| (*after, before)))
        {
            for (first, last) in [
                (None, None),
                (Some(1), None),
                (Some(3), None),
                (Some(100), None),
                (None, Some(1)),
                (None, Some(3)),
                (None, Some(100)),
            ] {
                let asked = Asked { first, last, after, before };
                let arguments = asked.arguments(&all);
                let given = page(&admin, list, &arguments).await;
                assert_eq!(given, asked.expected(&all), "{list:?} {arguments}");
            }
        }
    }
}

async fn a_list_without_entries_has_no_cursors(server: &Server) {
    let admin = server.admin("productready").await;
    let nothing = json!({ "hasNextPage": false, "hasPreviousPage": false, "startCursor": null, "endCursor": null });
    for list in LISTS {
        let empty = json!({ "edges": [], "nodes": [], "pageInfo": nothing });
        assert_eq!(page(&admin, list, "").await, empty);
    }
}

async fn sizes_and_cursors_that_cannot_be_are_refused(server: &Server) {
    let admin = fill(server).await;
    let of_others = page(&admin, LISTS[0], "first: 1").await["pageInfo"]["endCursor"].to_string();
    for (list, _) in &LISTS[1..] {
        for arguments in [
            "first: 0".to_owned(),
            "last: 0".to_owned(),
            "first: -1".to_owned(),
            "last: -1".to_owned(),
            "first: 101".to_owned(),
            "first: 2147483648".to_owned(),
            "first: 1, last: 1".to_owned(),
            "after: \"\"".to_owned(),
            "before: \"AAAA\"".to_owned(),
            format!("after: {of_others}"),
        ] {
            let query = format!("{{ {list}({arguments}) {{ nodes {{ __typename }} }} }}");
            admin.gql(&query, json!({})).await.refused("BAD_USER_INPUT");
        }
    }
}
