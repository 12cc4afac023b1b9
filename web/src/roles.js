// The roles of callers, and how the examples' file tells whose each example is.

/** The roles, and what each shows as its credential. */
export const ROLES = [
  { role: "anyone", credential: "no key, but X-Tenant" },
  { role: "user", credential: "a token from issueUserToken" },
  { role: "service", credential: "a key gdn_service_…" },
  { role: "admin", credential: "a key gdn_admin_…" },
  { role: "operator", credential: "the operator's key; X-Tenant where a tenant is meant" },
];

/** Splits the file at its lines `# role: name`; such a line and what follows it is an example. */
export function examplesIn(text) {
  const roles = ROLES.map(({ role }) => role).join("|");
  const parts = text.split(new RegExp(`^# (${roles}): (.+)$`, "m")).slice(1);
  const examples = [];
  for (let at = 0; at < parts.length; at += 3) {
    const [role, name, rest] = parts.slice(at, at + 3);
    examples.push({ role, name, query: `# ${role}: ${name}\n${rest.trim()}\n` });
  }
  return examples;
}
