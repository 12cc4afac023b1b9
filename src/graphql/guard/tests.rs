use async_graphql::parser::parse_query;
use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};
use proptest::prelude::*;

use super::*;

/// A document of operations and fragments, as text. A fragment spreads only later ones.
fn document() -> impl Strategy<Value = String> {
    let sets = prop::collection::vec(set(3), 1..8);
    (sets, prop::collection::vec(any::<prop::sample::Index>(), 40), "query|mutation").prop_map(
        |(sets, picks, kind)| {
            let mut picks = picks.into_iter().cycle();
            let last = sets.len();
            let named =
                |n: usize, set: &str, picks: &mut dyn Iterator<Item = prop::sample::Index>| {
                    let mut text = String::new();
                    for (at, part) in set.split("SPREAD").enumerate() {
                        if at > 0 && n + 1 < last {
                            let picked = picks.next().map_or(0, |pick| pick.index(last - n - 1));
                            text += &format!("...F{}", n + 1 + picked);
                        } else if at > 0 {
                            text += "leaf";
                        }
                        text += part;
                    }
                    text
                };
            let mut text = String::new();
            for (n, set) in sets.iter().enumerate() {
                let head = match n {
                    0 => format!("{kind} A($v: [Int] = [1, 2, 3])"),
                    _ => format!("fragment F{n} on T"),
                };
                text += &format!("{head} {} ", named(n, set, &mut picks));
            }
            text
        },
    )
}

fn set(depth: u32) -> BoxedStrategy<String> {
    let field = prop_oneof![
        Just("a".to_owned()),
        Just("b: a".to_owned()),
        Just("__typename".to_owned()),
        Just("t: __typename".to_owned()),
        Just("a(x: [1, {y: \"z\", w: $v}]) @skip(if: true)".to_owned()),
        Just("SPREAD @include(if: $v)".to_owned()),
        Just("SPREAD".to_owned()),
    ];
    if depth == 0 {
        return prop::collection::vec(field, 1..4)
            .prop_map(|fields| format!("{{ {} }}", fields.join(" ")))
            .boxed();
    }
    let nested = ("a|types|fields|args|__schema|__type|\\.\\.\\.|\\.\\.\\. on T", set(depth - 1))
        .prop_map(|(name, set)| format!("{name} {set}"));
    prop::collection::vec(prop_oneof![3 => field, 2 => nested], 1..5)
        .prop_map(|items| format!("{{ {} }}", items.join(" ")))
        .boxed()
}

/// Counts what one selection set asks for by walking through all of it, fragments each time anew.
fn naive(document: &ExecutableDocument, set: &SelectionSet, scope: Scope) -> Tally {
    let mut sum = Tally::default();
    for item in set.items.iter().map(|item| &item.node) {
        sum.selections += 1;
        sum.directives += item.directives().len();
        sum.values += item
            .directives()
            .iter()
            .map(|used| used.node.arguments.len() * weight_of_if(&used.node))
            .sum::<usize>();
        match item {
            Selection::Field(field) => {
                let field = &field.node;
                let (inside, times) = scope.below(&field.name.node);
                let below = naive(document, &field.selection_set.node, inside);
                sum.selections += below.selections;
                sum.directives += below.directives;
                sum.spreads += below.spreads;
                // `[1, {y: "z", w: $v}]`: a list, a number, an object, a text, and a list of three.
                sum.values += below.values + if field.arguments.is_empty() { 0 } else { 4 + 4 };
                sum.aliases += below.aliases + usize::from(field.alias.is_some());
                sum.introspected += below.introspected * times + usize::from(inside != Scope::Data);
                sum.fields_of_object += 1;
                sum.typenames_of_object += match (&*field.name.node == "__typename", &field.alias) {
                    (true, Some(_)) => 8,
                    (true, None) => 1,
                    _ => 0,
                };
            }
            Selection::InlineFragment(inline) => {
                sum = sum + naive(document, &inline.node.selection_set.node, scope);
            }
            Selection::FragmentSpread(spread) => {
                let fragment = &document.fragments[&spread.node.fragment_name.node].node;
                sum = sum + naive(document, &fragment.selection_set.node, scope);
                sum.spreads += 1;
            }
        }
    }
    sum
}

/// `true` weighs 1; `$v`, of which the default is a list of three, 4.
fn weight_of_if(directive: &async_graphql::parser::types::Directive) -> usize {
    if &*directive.name.node == "skip" { 1 } else { 4 }
}

proptest! {
    #[test]
    fn one_pass_counts_what_walking_through_all_of_it_counts(text in document()) {
        let parsed = parse_query(&text).unwrap();
        let (variables, limits) = (Variables::default(), Limits::default());
        let weights = values::of_variables(&parsed, &variables);
        let mut pass = Pass::new(&parsed, &weights, &limits);
        for (_, operation) in parsed.operations.iter() {
            let mut all = naive(&parsed, &operation.node.selection_set.node, Scope::Data);
            // The default of its variable.
            all.values += 4;
            prop_assert_eq!(pass.operation(&operation.node), all, "{}", text);
        }
        let _ = check_document(&parsed, &variables, &limits);
    }
}

fn refusal(text: &str) -> Option<String> {
    refusal_with(text, serde_json::json!({}))
}

fn refusal_with(text: &str, variables: serde_json::Value) -> Option<String> {
    let document = parse_query(text).unwrap();
    check_document(&document, &Variables::from_json(variables), &Limits::default()).err()
}

fn many(count: usize, of: impl Fn(usize) -> String) -> String {
    (0..count).map(of).collect::<Vec<_>>().join(" ")
}

/// Makes a document that has so many of something.
type Make<'a> = &'a dyn Fn(usize) -> String;

#[test]
fn each_sum_has_its_limit() {
    let limits = Limits::default();
    let rows: [(usize, &str, Make<'_>); 7] = [
        (limits.selections, "fields and fragments", &|n| {
            format!("{{ {} }}", many(n, |_| "a".to_owned()))
        }),
        (limits.aliases, "aliases", &|n| format!("{{ {} }}", many(n, |n| format!("a{n}: a")))),
        (limits.directives, "directives", &|n| format!("{{ a {} }}", many(n, |_| "@d".to_owned()))),
        (limits.arguments, "arguments", &|n| {
            format!("{{ a({}) }}", many(n, |n| format!("b{n}: 1")))
        }),
        (limits.variables, "variables", &|n| {
            format!("query({}) {{ a }}", many(n, |n| format!("$b{n}: Int")))
        }),
        (limits.definitions, "operations and", &|n| many(n, |n| format!("query Q{n} {{ a }}"))),
        (limits.mutations, "changes", &|n| {
            format!("mutation {{ {} }}", many(n, |n| format!("a{n}: a")))
        }),
    ];
    for (most, what, make) in rows {
        assert_eq!(refusal(&make(most)), None, "{what}");
        let refused = refusal(&make(most + 1)).unwrap();
        assert!(refused.contains(&format!("more than {most} {what}")), "{refused}");
    }
}

#[test]
fn fragments_count_as_often_as_they_are_spread() {
    let spread = |times: usize, fragment: &str| {
        let spreads = many(times, |_| "...F".to_owned());
        refusal(&format!("{{ {spreads} }} fragment F on T {{ {fragment} }}"))
    };
    assert!(spread(501, "a").unwrap().contains("spread fragments"));
    assert!(spread(100, &many(60, |_| "a".to_owned())).unwrap().contains("fields"));
    assert!(spread(50, &many(11, |n| format!("a{n}: a"))).unwrap().contains("aliases"));
    assert_eq!(spread(50, &many(5, |n| format!("a{n}: a"))), None);
    let changes = "mutation { ...F ...F } fragment F on Mutation { ";
    let changes = format!("{changes} {} }}", many(26, |_| "a".to_owned()));
    assert!(refusal(&changes).unwrap().contains("changes"));
}

#[test]
fn a_chain_of_fragments_is_refused_before_it_costs_anything() {
    let mut text = "{ ...F0 }".to_owned();
    for n in 0..24 {
        text += &format!(" fragment F{n} on Query {{ ...F{} ...F{} }}", n + 1, n + 1);
    }
    text += " fragment F24 on Query { me { id } }";
    assert!(refusal(&text).is_some());
}

#[test]
fn a_fragment_that_spreads_itself_ends() {
    assert_eq!(refusal("{ ...F } fragment F on Query { me { id } ...F }"), None);
    assert_eq!(
        refusal("{ a } fragment F on Query { ...G ...G } fragment G on Query { ...F }"),
        None
    );
}

#[test]
fn what_variables_hold_counts_each_time_it_is_used() {
    let long = serde_json::json!({ "v": "x".repeat(600_000) });
    assert_eq!(refusal_with("query($v: ID!) { user(id: $v) { id } }", long.clone()), None);
    let twice = "query($v: ID!) { a: user(id: $v) { id } b: user(id: $v) { id } }";
    assert!(refusal_with(twice, long).unwrap().contains("values"));
    let list = serde_json::json!({ "v": vec![0; 10_000] });
    let twice = "query($v: [Int]) { a(x: $v) { ...F } } fragment F on T { b(x: $v) }";
    assert_eq!(refusal_with("query($v: [Int]) { a(x: $v) }", list.clone()), None);
    assert!(refusal_with(twice, list).unwrap().contains("values"));
    let unused = serde_json::json!({ "w": vec![0; 30_001] });
    assert!(refusal_with("{ a }", unused).unwrap().contains("values in its variables"));
}

#[test]
fn an_object_says_its_name_often_enough() {
    let typenames = |times: usize, one: &str| {
        refusal(&format!("{{ a {{ {} }} }}", many(times, |_| one.to_owned())))
    };
    assert_eq!(typenames(24, "__typename"), None);
    assert_eq!(typenames(3, "n: __typename"), None);
    assert!(typenames(25, "__typename").is_some());
    assert!(typenames(4, "n: __typename").is_some());
    assert!(
        refusal(&format!(
            "{{ a {{ {} }} }} fragment F on T {{ __typename }}",
            many(25, |_| "... { ...F }".to_owned())
        ))
        .is_some()
    );
}

#[test]
fn lists_of_the_schema_lead_to_one_another_only_so_far() {
    let nested = |levels: usize| {
        let inner = (0..levels)
            .fold("name".to_owned(), |below, _| format!("fields {{ type {{ {below} }} }}"));
        refusal(&format!("{{ __type(name: \"User\") {{ {inner} }} }}"))
    };
    assert_eq!(nested(3), None);
    assert!(nested(4).unwrap().contains("schema"));
    let whole = "a: __schema { types { fields { args { name } } } }";
    assert_eq!(refusal(&format!("{{ {whole} }}")), None);
    assert!(
        refusal(&format!("{{ {} }}", many(60, |n| format!("b{n}{whole}"))))
            .unwrap()
            .contains("schema")
    );
}

#[test]
fn the_number_of_types_is_about_right() {
    let types = crate::graphql::sdl().lines().filter(|line| line.ends_with(" {")).count();
    assert!((types..types * 2).contains(&introspection::TYPES), "{types}");
}

#[test]
fn who_asks_for_the_schema_is_seen() {
    let introspects = |text: &str| {
        let document = parse_query(text).unwrap();
        check_document(&document, &Variables::default(), &Limits::default()).unwrap().introspects
    };
    assert!(introspects("{ __schema { types { name } } }"));
    assert!(introspects(
        "{ ...F } fragment F on Query { ... { x: __type(name: \"A\") { name } } }"
    ));
    assert!(!introspects("{ __typename me { __typename id } }"));
}
