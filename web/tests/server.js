// A server for the tests: the built program on a database of its own, with the programs of `rules/`.

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BINARY = process.env.GUERDON_BIN ?? join(ROOT, "target/debug/guerdon");
export const OPERATOR_KEY = "the-operators-key-of-the-browser-tests";
export const TENANT = "gatewayz";

async function freePort() {
  const probe = createServer();
  await new Promise((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** The program's environment: ours, but for what would set it up otherwise. */
function environment(folder, port) {
  const ours = Object.entries(process.env).filter(([name]) => !name.startsWith("GUERDON_"));
  return {
    ...Object.fromEntries(ours),
    DATABASE_URL: `sqlite:${join(folder, "guerdon.db")}`,
    GUERDON_RULES: join(ROOT, "rules"),
    GUERDON_LISTEN: `127.0.0.1:${port}`,
    GUERDON_OPERATOR_KEY: OPERATOR_KEY,
    GUERDON_RATE_LIMITS: "off",
    RUST_LOG: "warn",
  };
}

async function untilReady(address, child) {
  for (let tries = 0; tries < 300; tries += 1) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
    const ready = await fetch(`${address}/health/ready`).then((answer) => answer.ok, () => false);
    if (ready) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("the server was not ready in 30 s");
}

async function start() {
  const folder = await mkdtemp(join(tmpdir(), "guerdon-web-"));
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  const child = spawn(BINARY, ["serve"], {
    env: environment(folder, port),
    stdio: ["ignore", "ignore", "inherit"],
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  await untilReady(address, child);
  return {
    address,
    sockets: `${address.replace("http", "ws")}/graphql/ws`,
    async stop() {
      child.kill("SIGTERM");
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}

export const server = await start();

/** Runs a document by nothing but `fetch`, and gives its data; throws when it is refused. */
export async function ask(query, key = OPERATOR_KEY, tenant = key === OPERATOR_KEY && TENANT) {
  const headers = {
    "content-type": "application/json",
    authorization: `Bearer ${key}`,
    ...(tenant && { "x-tenant": tenant }),
  };
  const body = JSON.stringify({ query });
  const response = await fetch(`${server.address}/graphql`, { method: "POST", headers, body });
  const answer = await response.json();
  if (answer.errors) throw new Error(JSON.stringify(answer.errors));
  return answer.data;
}

async function apiKey(role) {
  const input = `{ name: "tests", role: ${role}, tenant: "${TENANT}" }`;
  return (await ask(`mutation { createApiKey(input: ${input}) { key } }`)).createApiKey.key;
}

/** Signs a user up, with nothing in the account; gives a token of theirs. */
export async function signUp(id) {
  await ask(`mutation { registerUser(input: { id: "${id}", name: "${id}" }) { created } }`);
  const issued = await ask(`mutation { issueUserToken(input: { userId: "${id}" }) { token } }`);
  return issued.issueUserToken.token;
}

/** Gives a user credits, in cents. */
export function give(id, amount) {
  return ask(`mutation { addCredits(input: { userId: "${id}", amount: ${amount} }) { replayed } }`);
}

/** A credential of each role. */
export const keys = {
  service: await apiKey("SERVICE"),
  admin: await apiKey("ADMIN"),
  operator: OPERATOR_KEY,
};
