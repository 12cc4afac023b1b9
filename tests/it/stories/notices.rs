//! Notices in the product: made by rules, counted, paged, read.

use serde_json::{Value, json};

use crate::harness::{Caller, Server, Shop};
use crate::stories;

stories!("tests/programs/harbour":
    the_unread_are_counted_on_every_page,
    notices_are_read_across_pages,
    what_is_read_twice_is_read_once,
    notices_of_others_are_not_there,
    twenty_readers_at_once_read_each_once,
);

/// Ann, who came back from so many voyages, and her own way in.
async fn voyages(server: &Server, count: usize) -> (Shop, Caller) {
    let shop = server.shop("harbour").await;
    shop.register("ann").await;
    shop.set(json!({ "daily": 1_000 })).await;
    for n in 0..count {
        shop.event(&format!("v-{n}"), "ann", "voyage", json!({})).await;
    }
    let ann = server.user("harbour", "ann").await;
    (shop, ann)
}

async fn page(caller: &Caller, arguments: &str) -> Value {
    let fields = "unreadCount nodes { id kind message read } \
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }";
    let query = format!("{{ me {{ notifications({arguments}) {{ {fields} }} }} }}");
    caller.get(&query).await["notifications"].clone()
}

async fn read(caller: &Caller, input: Value) -> Value {
    caller.mutate("markNotificationsRead", input, "unread").await.ok()["unread"].clone()
}

fn ids(page: &Value) -> Vec<String> {
    let nodes = page["nodes"].as_array().unwrap();
    nodes.iter().map(|node| node["id"].as_str().unwrap().to_owned()).collect()
}

async fn the_unread_are_counted_on_every_page(server: &Server) {
    let (shop, ann) = voyages(server, 5).await;
    let first = page(&ann, "first: 2").await;
    assert_eq!((ids(&first).len(), &first["unreadCount"]), (2, &json!(5)));
    let notice = &first["nodes"][0];
    assert_eq!((&notice["kind"], &notice["read"]), (&json!("voyage"), &json!(false)));
    assert_eq!(read(&ann, json!({ "ids": ids(&first) })).await, 3);
    for arguments in ["first: 2", "last: 1", "first: 1, unreadOnly: true"] {
        assert_eq!(page(&ann, arguments).await["unreadCount"], 3, "{arguments}");
    }
    shop.event("one-more", "ann", "voyage", json!({})).await;
    let newest = page(&ann, "first: 1").await;
    assert_eq!((&newest["unreadCount"], &newest["nodes"][0]["read"]), (&json!(4), &json!(false)));
    let of_user = shop.of_user("ann", "notifications { unreadCount }").await;
    assert_eq!(of_user["notifications"]["unreadCount"], 4, "a back end sees the same");
}

async fn notices_are_read_across_pages(server: &Server) {
    let (shop, ann) = voyages(server, 7).await;
    let all = ids(&page(&ann, "first: 100").await);
    assert_eq!(read(&ann, json!({ "ids": [all[1], all[4]] })).await, 5);
    let unread: Vec<&String> = [0, 2, 3, 5, 6].map(|n| &all[n]).into();
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let found = page(&ann, &format!("first: 2, unreadOnly: true{after}")).await;
        seen.extend(ids(&found));
        if found["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = format!(", after: {}", found["pageInfo"]["endCursor"]);
    }
    assert_eq!(seen.iter().collect::<Vec<_>>(), unread);
    let last = page(&ann, "last: 2, unreadOnly: true").await;
    assert_eq!(
        (ids(&last), &last["pageInfo"]["hasPreviousPage"]),
        (all[5..].to_vec(), &json!(true))
    );
    // All at once, whatever page they are on; what comes later is unread.
    assert_eq!(read(&ann, json!({})).await, 0);
    assert_eq!(ids(&page(&ann, "unreadOnly: true").await), Vec::<String>::new());
    let every = page(&ann, "first: 100").await;
    assert!(every["nodes"].as_array().unwrap().iter().all(|notice| notice["read"] == true));
    shop.event("later", "ann", "voyage", json!({})).await;
    let fresh = page(&ann, "unreadOnly: true").await;
    assert_eq!((ids(&fresh).len(), &fresh["unreadCount"]), (1, &json!(1)));
    assert_eq!(ids(&page(&ann, "first: 100").await).len(), 8, "read ones stay");
}

async fn what_is_read_twice_is_read_once(server: &Server) {
    let (_, ann) = voyages(server, 3).await;
    let all = ids(&page(&ann, "first: 3").await);
    let twice = json!({ "ids": [all[0], all[0], all[0]] });
    assert_eq!(read(&ann, twice.clone()).await, 2);
    assert_eq!(read(&ann, twice).await, 2);
    assert_eq!(read(&ann, json!({ "ids": [] })).await, 2, "none is none, not all");
    assert_eq!(read(&ann, json!({})).await, 0);
    assert_eq!(read(&ann, json!({})).await, 0);
    assert_eq!(read(&ann, json!({ "ids": all })).await, 0, "they were read with all the others");
}

async fn notices_of_others_are_not_there(server: &Server) {
    let (shop, ann) = voyages(server, 2).await;
    shop.register("bob").await;
    shop.event("v-bob", "bob", "voyage", json!({})).await;
    let bob = server.user("harbour", "bob").await;
    let anns = ids(&page(&ann, "first: 1").await);
    let bobs = ids(&page(&bob, "first: 1").await);
    let mark = "markNotificationsRead";
    let mixed = json!({ "ids": [bobs[0], anns[0]] });
    bob.mutate(mark, mixed, "unread").await.refused("NOT_FOUND");
    assert_eq!(page(&bob, "first: 1").await["unreadCount"], 1, "all or none");
    bob.mutate(mark, json!({ "userId": "ann" }), "unread").await.refused("FORBIDDEN");
    let not_his = json!({ "userId": "bob", "ids": anns });
    shop.service.mutate(mark, not_his, "unread").await.refused("NOT_FOUND");
    shop.service.mutate(mark, json!({}), "unread").await.refused("BAD_USER_INPUT");
    shop.service.mutate(mark, json!({ "userId": "nobody" }), "unread").await.refused("NOT_FOUND");
    bob.mutate(mark, json!({ "ids": ["no-id"] }), "unread").await.refused("NOT_FOUND");
    assert_eq!(page(&ann, "first: 1").await["unreadCount"], 2);
    assert_eq!(read(&shop.service, json!({ "userId": "ann", "ids": anns })).await, 1);
}

async fn twenty_readers_at_once_read_each_once(server: &Server) {
    let (_, ann) = voyages(server, 3).await;
    let all = ids(&page(&ann, "first: 3").await);
    let marks = (0..20).map(|n| read(&ann, json!({ "ids": [all[n % 2]] })));
    futures_util::future::join_all(marks).await;
    assert_eq!(page(&ann, "first: 1").await["unreadCount"], 1);
}
