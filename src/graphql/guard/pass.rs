//! One pass over a parsed document, before it is validated. Each fragment is counted once, however
//! often it is spread, and counts as often as it is.

use std::collections::{HashMap, HashSet};

use async_graphql::parser::types::{
    Directive, ExecutableDocument, Field, OperationDefinition, OperationType, Selection,
    SelectionSet,
};
use async_graphql::{Name, Positioned};
use async_graphql_value::Value;

use super::introspection::Scope;
use super::tally::Tally;
use super::values;
use crate::graphql::limits::Limits;

/// What asking once more for `__typename` counts when it is under another name: each name makes an
/// entry of its own.
const RENAMED_TYPENAME: usize = 8;

/// Counts a document.
pub struct Pass<'a> {
    document: &'a ExecutableDocument,
    limits: &'a Limits,
    weights: &'a HashMap<&'a Name, usize>,
    /// What is known of fragments, by where they are spread.
    known: HashMap<(&'a Name, Scope), Tally>,
    open: HashSet<(&'a Name, Scope)>,
    depth: usize,
    /// How many fields the validator compares with one another: all that stand in one selection set, and
    /// in the fragments in it, for each selection set.
    pub compared: usize,
    /// The greatest that was met of what counts for one place alone.
    pub widest: Widest,
}

/// The greatest of what counts for one place alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Widest {
    /// How deep selections and fragments are nested in one another; no deeper than was looked.
    pub depth: usize,
    /// The arguments of one field.
    pub arguments: usize,
    /// How often one object is asked for its `__typename`.
    pub typenames: usize,
    /// The changes that one operation asks for.
    pub mutations: usize,
}

impl<'a> Pass<'a> {
    /// A pass over this document, whose variables weigh so much.
    pub fn new(
        document: &'a ExecutableDocument,
        weights: &'a HashMap<&'a Name, usize>,
        limits: &'a Limits,
    ) -> Self {
        let (known, open) = (HashMap::new(), HashSet::new());
        let (depth, compared, widest) = (0, 0, Widest::default());
        Self { document, limits, weights, known, open, depth, compared, widest }
    }

    /// Counts an operation, with what it says of its variables.
    pub fn operation(&mut self, operation: &'a OperationDefinition) -> Tally {
        let asked = self.set(&operation.selection_set.node, Scope::Data);
        if operation.ty == OperationType::Mutation {
            self.widest.mutations = self.widest.mutations.max(asked.fields_of_object);
        }
        let mut counted = asked + self.directives(&operation.directives);
        for defined in operation.variable_definitions.iter().map(|defined| &defined.node) {
            let default = defined.default_value.as_ref();
            let values = default.map_or(0, |value| values::of_const(&value.node));
            counted = counted
                + self.directives(&defined.directives)
                + Tally { values, ..Tally::default() };
        }
        counted
    }

    /// Counts a fragment where it is spread. One that spreads itself is counted once; the validator
    /// refuses it.
    pub fn fragment(&mut self, name: &'a Name, scope: Scope) -> Tally {
        let place = (name, scope);
        if let Some(known) = self.known.get(&place) {
            return *known;
        }
        let Some(fragment) = self.document.fragments.get(name) else { return Tally::default() };
        if !self.open.insert(place) {
            return Tally::default();
        }
        let counted = self.set(&fragment.node.selection_set.node, scope)
            + self.directives(&fragment.node.directives);
        self.open.remove(&place);
        self.known.insert(place, counted);
        counted
    }

    fn set(&mut self, set: &'a SelectionSet, scope: Scope) -> Tally {
        self.depth += 1;
        self.widest.depth = self.widest.depth.max(self.depth);
        let mut counted = Tally::default();
        // Deeper than allowed nothing is looked at: the document is refused then.
        if self.depth <= self.limits.nesting {
            for item in &set.items {
                counted = counted + self.selection(&item.node, scope);
            }
        }
        self.compared = self.compared.saturating_add(counted.fields_of_object);
        self.widest.typenames = self.widest.typenames.max(counted.typenames_of_object);
        self.depth -= 1;
        counted
    }

    fn selection(&mut self, selection: &'a Selection, scope: Scope) -> Tally {
        let (counted, directives) = match selection {
            Selection::Field(field) => (self.field(&field.node, scope), &field.node.directives),
            Selection::InlineFragment(inline) => {
                let counted = self.set(&inline.node.selection_set.node, scope);
                (counted, &inline.node.directives)
            }
            Selection::FragmentSpread(spread) => {
                let counted = self.fragment(&spread.node.fragment_name.node, scope);
                (counted + Tally { spreads: 1, ..Tally::default() }, &spread.node.directives)
            }
        };
        counted + self.directives(directives) + Tally { selections: 1, ..Tally::default() }
    }

    fn field(&mut self, field: &'a Field, scope: Scope) -> Tally {
        let (inside, times) = scope.below(&field.name.node);
        let below = self.set(&field.selection_set.node, inside);
        let describes = usize::from(inside != Scope::Data);
        let typename = match (field.name.node == "__typename", &field.alias) {
            (false, _) => 0,
            (true, None) => 1,
            (true, Some(_)) => RENAMED_TYPENAME,
        };
        let own = Tally {
            aliases: usize::from(field.alias.is_some()),
            values: self.arguments(&field.arguments),
            introspected: below.introspected.saturating_mul(times).saturating_add(describes),
            fields_of_object: 1,
            typenames_of_object: typename,
            ..Tally::default()
        };
        let below = Tally { introspected: 0, fields_of_object: 0, typenames_of_object: 0, ..below };
        own + below
    }

    fn directives(&mut self, directives: &'a [Positioned<Directive>]) -> Tally {
        let mut values = 0_usize;
        for directive in directives {
            values = values.saturating_add(self.arguments(&directive.node.arguments));
        }
        Tally { directives: directives.len(), values, ..Tally::default() }
    }

    fn arguments(&mut self, given: &[(Positioned<Name>, Positioned<Value>)]) -> usize {
        self.widest.arguments = self.widest.arguments.max(given.len());
        let weights = given.iter().map(|(_, value)| values::of(&value.node, self.weights));
        weights.fold(0, usize::saturating_add)
    }
}
