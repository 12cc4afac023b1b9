//! Do a schema's connections have the shape that Relay's specification of cursor connections gives them?

use std::collections::BTreeMap;

use async_graphql_parser::parse_schema;
use async_graphql_parser::types::{FieldDefinition, TypeKind, TypeSystemDefinition};

type Objects = BTreeMap<String, Vec<FieldDefinition>>;

fn objects(schema: &str) -> Objects {
    let definitions = parse_schema(schema).unwrap_or_else(|error| panic!("{error}")).definitions;
    let objects = definitions.into_iter().filter_map(|definition| match definition {
        TypeSystemDefinition::Type(kind) => match kind.node.kind {
            TypeKind::Object(object) => {
                let fields = object.fields.into_iter().map(|field| field.node).collect();
                Some((kind.node.name.node.to_string(), fields))
            }
            _ => None,
        },
        _ => None,
    });
    objects.collect()
}

fn kind_of(fields: &[FieldDefinition], name: &str) -> String {
    let field = fields.iter().find(|field| field.name.node == name);
    field.map_or_else(String::new, |field| field.ty.node.to_string())
}

/// What of this schema's connections is not as Relay has it.
pub fn unlike_relay(schema: &str) -> Vec<String> {
    let objects = objects(schema);
    let mut wrong = Vec::new();
    let mut expect = |place: String, given: String, wanted: &str| {
        if given != wanted {
            wrong.push(format!("{place} is {given:?}, not {wanted}"));
        }
    };
    for (name, fields) in &objects {
        if let Some(node) = name.strip_suffix("Connection") {
            let edge = format!("{node}Edge");
            expect(format!("{name}.edges"), kind_of(fields, "edges"), &format!("[{edge}!]!"));
            expect(format!("{name}.pageInfo"), kind_of(fields, "pageInfo"), "PageInfo!");
            let edge_fields = objects.get(&edge).map(Vec::as_slice).unwrap_or_default();
            expect(format!("{edge}.cursor"), kind_of(edge_fields, "cursor"), "String!");
            expect(format!("{edge}.node"), kind_of(edge_fields, "node"), &format!("{node}!"));
        }
        for field in fields.iter().filter(|field| field.ty.node.to_string().contains("Connection"))
        {
            for (argument, wanted) in
                [("first", "Int"), ("after", "String"), ("last", "Int"), ("before", "String")]
            {
                let mut given = field.arguments.iter().map(|given| &given.node);
                let given = given.find(|given| given.name.node == argument);
                let given = given.map_or_else(String::new, |given| given.ty.node.to_string());
                expect(format!("{name}.{}({argument})", field.name.node), given, wanted);
            }
        }
    }
    let page_info = objects.get("PageInfo").map(Vec::as_slice).unwrap_or_default();
    for (name, wanted) in [
        ("hasNextPage", "Boolean!"),
        ("hasPreviousPage", "Boolean!"),
        ("startCursor", "String"),
        ("endCursor", "String"),
    ] {
        expect(format!("PageInfo.{name}"), kind_of(page_info, name), wanted);
    }
    wrong
}
