"use strict";

const byId = (id) => document.getElementById(id);

/** The examples in their file: each begins with a line `# role: name`. */
let examples = [];

function examplesIn(text) {
  const parts = text.split(/^# (\w+: .+)$/m).slice(1);
  return parts.flatMap((name, at) => (at % 2 ? [] : [{ name, query: parts[at + 1].trim() }]));
}

async function loadExamples() {
  examples = examplesIn(await (await fetch("/graphiql/examples.graphql")).text());
  for (const [index, example] of examples.entries()) {
    byId("example").add(new Option(example.name, String(index)));
  }
  show(examples[0]);
}

const SCHEMA_QUERY = `{ __schema { types {
  name description
  fields { name description type { ...T } args { name type { ...T } } }
  inputFields { name description type { ...T } }
  enumValues { name description }
} } }
fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }`;

let schemaLines = null;

async function send(query, variables) {
  const headers = { "content-type": "application/json", accept: "application/json" };
  const key = byId("key").value.trim();
  const tenant = byId("tenant").value.trim();
  if (key) headers.authorization = `Bearer ${key}`;
  if (tenant) headers["x-tenant"] = tenant;
  const body = JSON.stringify({ query, variables });
  return fetch("/graphql", { method: "POST", headers, body });
}

async function run(event) {
  event.preventDefault();
  const status = byId("status");
  const text = byId("variables").value.trim();
  let variables = {};
  try {
    variables = text ? JSON.parse(text) : {};
  } catch (error) {
    status.textContent = `The variables are no JSON: ${error.message}`;
    return;
  }
  status.textContent = "...";
  const began = performance.now();
  try {
    const response = await send(byId("query").value, variables);
    byId("result").textContent = JSON.stringify(await response.json(), null, 2);
    status.textContent = `${response.status} in ${Math.round(performance.now() - began)} ms`;
  } catch (error) {
    status.textContent = `No answer: ${error.message}`;
  }
}

function typeName(type) {
  if (type.kind === "NON_NULL") return `${typeName(type.ofType)}!`;
  if (type.kind === "LIST") return `[${typeName(type.ofType)}]`;
  return type.name;
}

function linesOf(type) {
  const lines = [`${type.name}: ${type.description ?? ""}`];
  for (const field of type.fields ?? type.inputFields ?? []) {
    const args = (field.args ?? []).map((arg) => `${arg.name}: ${typeName(arg.type)}`).join(", ");
    const shown = args ? `${field.name}(${args})` : field.name;
    lines.push(`${type.name}.${shown}: ${typeName(field.type)}\n    ${field.description ?? ""}`);
  }
  for (const value of type.enumValues ?? []) {
    lines.push(`${type.name}.${value.name}\n    ${value.description ?? ""}`);
  }
  return lines;
}

async function find() {
  if (schemaLines === null) {
    const answer = await (await send(SCHEMA_QUERY, {})).json();
    if (!answer.data) {
      byId("schema").textContent = JSON.stringify(answer, null, 2);
      return;
    }
    const own = answer.data.__schema.types.filter((type) => !type.name.startsWith("__"));
    schemaLines = own.flatMap(linesOf);
  }
  const word = byId("find").value.trim().toLowerCase();
  const found = schemaLines.filter((line) => line.toLowerCase().includes(word));
  byId("schema").textContent = found.slice(0, 200).join("\n") || "Nothing of that name.";
}

function show(example) {
  byId("query").value = example.query;
}

byId("example").addEventListener("change", (event) => show(examples[Number(event.target.value)]));
byId("form").addEventListener("submit", run);
byId("find").addEventListener("input", () => find().catch(() => undefined));
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) byId("form").requestSubmit();
});
loadExamples().catch(() => undefined);
