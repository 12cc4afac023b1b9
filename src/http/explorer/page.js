"use strict";

const byId = (id) => document.getElementById(id);

const EXAMPLES = [
  {
    name: "user: my credits, code and steps",
    query: `{
  me {
    id
    name
    credits { balanceFormatted balance pending lots { remaining source expiresAt } }
    referral { code shareUrl signups credited totalEarned }
    onboarding { completedCount totalCount steps { key title done } }
  }
}`,
  },
  {
    name: "user: make my referral code",
    query: `mutation { generateReferralCode { code shareUrl created } }`,
  },
  {
    name: "anyone: is this code good?",
    query: `query ($code: String!) {
  validateReferralCode(code: $code) { valid referrerName remainingUses reason message }
}`,
    variables: { code: "TYPE-ONE" },
  },
  {
    name: "service: sign a user up",
    query: `mutation ($input: RegisterUserInput!) {
  registerUser(input: $input) {
    created
    user { id credits { balanceFormatted } }
    referralCode { valid reason }
    decisions { rule outcome reason }
  }
}`,
    variables: { input: { id: "ann", name: "Ann", email: "ann@example.com" } },
  },
  {
    name: "service: record a purchase",
    query: `mutation ($input: RecordPurchaseInput!) {
  recordPurchase(input: $input) {
    replayed
    decisions { rule outcome reason }
    transactions { user { id } amountFormatted source }
    referral { status bonusEarned }
  }
}`,
    variables: { input: { id: "payment-1", userId: "ann", amount: 2500 } },
  },
  {
    name: "service: spend credits",
    query: `mutation ($input: SpendCreditsInput!) {
  spendCredits(input: $input) { transaction { id amount } account { balanceFormatted } replayed }
}`,
    variables: { input: { userId: "ann", amount: 100, idempotencyKey: "order-1" } },
  },
  {
    name: "admin: what was decided, and why",
    query: `{
  decisions(first: 10) {
    nodes { createdAt event rule outcome reason effects user { id } }
  }
}`,
  },
  {
    name: "admin: my program and settings",
    query: `{ tenant { slug name currency settings program { name hash error { message file line } } } }`,
  },
  {
    name: "admin: change a setting",
    query: `mutation ($input: UpdateSettingsInput!) {
  updateSettings(input: $input) { tenant { settings } }
}`,
    variables: { input: { settings: { "name of a setting": 1500 } } },
  },
  {
    name: "operator: tenants",
    query: `{ tenants { nodes { slug name createdAt } } }`,
  },
  {
    name: "operator: a key for a tenant",
    query: `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { id key } }`,
    variables: { input: { name: "back end", role: "SERVICE", tenant: "TYPE-ONE" } },
  },
];

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
  byId("variables").value = example.variables ? JSON.stringify(example.variables, null, 2) : "";
}

for (const [index, example] of EXAMPLES.entries()) {
  byId("example").add(new Option(example.name, String(index)));
}
byId("example").addEventListener("change", (event) => show(EXAMPLES[Number(event.target.value)]));
byId("form").addEventListener("submit", run);
byId("find").addEventListener("input", () => find().catch(() => undefined));
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) byId("form").requestSubmit();
});
show(EXAMPLES[0]);
