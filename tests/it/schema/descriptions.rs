//! Is everything in a schema described, in sentences that say when an answer is null?

use async_graphql_parser::types::{
    FieldDefinition, InputValueDefinition, TypeDefinition, TypeKind, TypeSystemDefinition,
};
use async_graphql_parser::{Positioned, parse_schema};

/// Directives of the specification; what they do is said there.
const OF_THE_SPECIFICATION: [&str; 4] = ["skip", "include", "deprecated", "specifiedBy"];

type Description<'a> = Option<&'a Positioned<String>>;

/// What of this schema lacks a description, or has one that does not begin with a capital, or does
/// not say when an answer is null.
pub fn undescribed(schema: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for definition in parse_schema(schema).unwrap_or_else(|error| panic!("{error}")).definitions {
        match definition {
            TypeSystemDefinition::Type(kind) => of_type(&kind.node, &mut wrong),
            TypeSystemDefinition::Directive(directive) => {
                let directive = &directive.node;
                let name = directive.name.node.as_str();
                check(&format!("@{name}"), directive.description.as_ref(), &mut wrong);
                if !OF_THE_SPECIFICATION.contains(&name) {
                    of_inputs(&format!("@{name}"), &directive.arguments, &mut wrong);
                }
            }
            TypeSystemDefinition::Schema(_) => {}
        }
    }
    wrong
}

fn of_type(kind: &TypeDefinition, wrong: &mut Vec<String>) {
    let name = &kind.name.node;
    check(name, kind.description.as_ref(), wrong);
    match &kind.kind {
        TypeKind::Object(object) => of_fields(name, &object.fields, wrong),
        TypeKind::Interface(interface) => of_fields(name, &interface.fields, wrong),
        TypeKind::InputObject(input) => of_inputs(name, &input.fields, wrong),
        TypeKind::Enum(values) => {
            for value in values.values.iter().map(|value| &value.node) {
                let place = format!("{name}.{}", value.value.node);
                check(&place, value.description.as_ref(), wrong);
            }
        }
        TypeKind::Scalar | TypeKind::Union(_) => {}
    }
}

fn of_fields(owner: &str, fields: &[Positioned<FieldDefinition>], wrong: &mut Vec<String>) {
    for field in fields.iter().map(|field| &field.node) {
        let place = format!("{owner}.{}", field.name.node);
        let description = field.description.as_ref();
        check(&place, description, wrong);
        let says = |text: &Positioned<String>| text.node.to_lowercase().contains("null");
        if field.ty.node.nullable && !description.is_some_and(says) {
            wrong.push(format!("{place} does not say when it is null"));
        }
        of_inputs(&place, &field.arguments, wrong);
    }
}

fn of_inputs(owner: &str, inputs: &[Positioned<InputValueDefinition>], wrong: &mut Vec<String>) {
    for input in inputs.iter().map(|input| &input.node) {
        let place = format!("{owner}({})", input.name.node);
        check(&place, input.description.as_ref(), wrong);
    }
}

/// A sentence: with a capital at its beginning, and an end.
fn check(place: &str, description: Description<'_>, wrong: &mut Vec<String>) {
    let Some(text) = description.map(|text| text.node.trim()).filter(|text| !text.is_empty())
    else {
        wrong.push(format!("{place} has no description"));
        return;
    };
    if !text.starts_with(char::is_uppercase) {
        wrong.push(format!("{place} does not begin with a capital: {text}"));
    }
    if !text.ends_with('.') {
        wrong.push(format!("{place} does not end its sentence: {text}"));
    }
}
