//! Does one schema contain another, structurally? Text, order and descriptions do not matter.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql_parser::types::{
    BaseType, FieldDefinition, InputValueDefinition, SchemaDefinition, Type, TypeDefinition,
    TypeKind, TypeSystemDefinition,
};
use async_graphql_parser::{Positioned, parse_schema};

/// What a server lacks or changes of a contract.
#[derive(Debug, Default)]
pub struct Differences {
    /// Types, fields (`Type.field`), arguments (`Type.field(argument)`) and values that are absent.
    pub missing: BTreeSet<String>,
    /// What is there, but not as the contract says.
    pub wrong: Vec<String>,
}

/// A schema, by its types' names.
pub struct Schema {
    types: BTreeMap<String, TypeDefinition>,
    roots: BTreeMap<&'static str, String>,
}

/// Reads a schema in GraphQL's schema language.
pub fn read(text: &str) -> Schema {
    let mut schema = Schema { types: BTreeMap::new(), roots: BTreeMap::new() };
    for definition in parse_schema(text).unwrap_or_else(|error| panic!("{error}")).definitions {
        match definition {
            TypeSystemDefinition::Type(kind) => {
                schema.types.insert(kind.node.name.node.to_string(), kind.node);
            }
            TypeSystemDefinition::Schema(roots) => schema.roots = read_roots(roots.node),
            TypeSystemDefinition::Directive(_) => {}
        }
    }
    schema
}

fn read_roots(schema: SchemaDefinition) -> BTreeMap<&'static str, String> {
    [("query", schema.query), ("mutation", schema.mutation), ("subscription", schema.subscription)]
        .into_iter()
        .filter_map(|(operation, name)| Some((operation, name?.node.to_string())))
        .collect()
}

/// Compares `ours` with the `contract`: everything of the contract must be in ours.
pub fn compare(contract: &Schema, ours: &Schema) -> Differences {
    let mut differences = Differences::default();
    for (operation, name) in &contract.roots {
        if ours.roots.get(operation) != Some(name) {
            differences.missing.insert(format!("schema.{operation}"));
        }
    }
    for (name, wanted) in &contract.types {
        match ours.types.get(name) {
            Some(given) => differences.compare_kinds(name, &wanted.kind, &given.kind),
            None => {
                differences.missing.insert(name.clone());
            }
        }
    }
    differences
}

impl Differences {
    fn compare_kinds(&mut self, name: &str, wanted: &TypeKind, given: &TypeKind) {
        match (wanted, given) {
            (TypeKind::Scalar, TypeKind::Scalar) => {}
            (TypeKind::Object(wanted), TypeKind::Object(given)) => {
                self.compare_fields(name, &wanted.fields, &given.fields);
            }
            (TypeKind::Enum(wanted), TypeKind::Enum(given)) => {
                let known: BTreeSet<_> =
                    given.values.iter().map(|value| &value.node.value.node).collect();
                for value in &wanted.values {
                    if !known.contains(&value.node.value.node) {
                        self.missing.insert(format!("{name}.{}", value.node.value.node));
                    }
                }
            }
            (TypeKind::InputObject(wanted), TypeKind::InputObject(given)) => {
                let place = |field: &str| format!("{name}.{field}");
                self.compare_inputs(&place, &wanted.fields, &given.fields);
            }
            _ => self.wrong.push(format!("{name} is of another kind")),
        }
    }

    fn compare_fields(
        &mut self,
        owner: &str,
        wanted: &[Positioned<FieldDefinition>],
        given: &[Positioned<FieldDefinition>],
    ) {
        for field in wanted.iter().map(|field| &field.node) {
            let place = format!("{owner}.{}", field.name.node);
            let same = given
                .iter()
                .map(|other| &other.node)
                .find(|other| other.name.node == field.name.node);
            let Some(ours) = same else {
                self.missing.insert(place);
                continue;
            };
            if !gives(&ours.ty.node, &field.ty.node) {
                self.wrong.push(format!("{place} is {}, not {}", ours.ty.node, field.ty.node));
            }
            let argument = |name: &str| format!("{place}({name})");
            self.compare_inputs(&argument, &field.arguments, &ours.arguments);
        }
    }

    /// Compares arguments or the fields of an input; `place` says where one of a name stands.
    fn compare_inputs(
        &mut self,
        place: &dyn Fn(&str) -> String,
        wanted: &[Positioned<InputValueDefinition>],
        given: &[Positioned<InputValueDefinition>],
    ) {
        let find = |among: &[Positioned<InputValueDefinition>], name: &str| {
            among.iter().map(|input| &input.node).find(|input| input.name.node == name).cloned()
        };
        for input in wanted.iter().map(|input| &input.node) {
            let name = input.name.node.as_str();
            match find(given, name) {
                Some(ours) => self.compare_input(&place(name), input, &ours),
                None => {
                    self.missing.insert(place(name));
                }
            }
        }
        for input in given.iter().map(|input| &input.node) {
            let optional = input.ty.node.nullable || input.default_value.is_some();
            if !optional && find(wanted, input.name.node.as_str()).is_none() {
                self.wrong.push(format!("{} is new and not optional", place(&input.name.node)));
            }
        }
    }

    fn compare_input(
        &mut self,
        place: &str,
        wanted: &InputValueDefinition,
        ours: &InputValueDefinition,
    ) {
        let default = |input: &InputValueDefinition| {
            input.default_value.as_ref().map(|value| value.node.to_string())
        };
        if default(wanted).is_some() && default(ours) != default(wanted) {
            self.wrong.push(format!("{place} has another default: {:?}", default(ours)));
        }
        // With a default, leaving it out is possible even where the type says that null is not.
        let mut takes = ours.ty.node.clone();
        takes.nullable |= default(wanted).is_some();
        if !gives(&wanted.ty.node, &takes) {
            self.wrong.push(format!("{place} takes {}, not {}", ours.ty.node, wanted.ty.node));
        }
    }
}

/// Is every value of `given` one of `wanted`? Non-null is, where null would be allowed too.
fn gives(given: &Type, wanted: &Type) -> bool {
    let base = match (&given.base, &wanted.base) {
        (BaseType::Named(given), BaseType::Named(wanted)) => given == wanted,
        (BaseType::List(given), BaseType::List(wanted)) => gives(given, wanted),
        _ => false,
    };
    base && (wanted.nullable || !given.nullable)
}
