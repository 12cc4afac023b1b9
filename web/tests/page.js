// GraphiQL in a real browser.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";

import { launch, open } from "./browser.js";
import { EXAMPLES } from "./examples.js";
import { TENANT, give, keys, server, signUp } from "./server.js";

const ADDRESS = `${server.address}/graphiql`;

let browser;
let page;
let seen;

const panel = (title) => page.getByRole("button", { name: title });
const answer = () => page.locator(".result-window .CodeMirror-code");
const execute = () => page.getByRole("button", { name: "Execute query (Ctrl-Enter)" }).click();

async function use({ key = "", tenant = "" }) {
  await page.getByLabel("Key or token").fill(key);
  await page.getByLabel("X-Tenant").fill(tenant);
  await page.getByLabel("X-Tenant").blur();
}

/** What the editor of answers holds, once it fits. */
async function answered(pattern) {
  await page.waitForFunction(
    (source) => {
      const editor = document.querySelector(".result-window .CodeMirror");
      return new RegExp(source).test(editor.CodeMirror.getValue());
    },
    pattern.source,
  );
  return answer().evaluate((code) => code.closest(".CodeMirror").CodeMirror.getValue());
}

async function runExample(name) {
  await page.getByLabel("Examples").selectOption({ label: name });
  // GraphiQL takes a moment to read a new text; the tab's title tells that it has.
  const { query } = EXAMPLES.find((example) => example.name === name);
  const [, operation] = /^(?:query|mutation|subscription) (\w+)/m.exec(query);
  await page.locator(".graphiql-tab-active").getByText(operation, { exact: true }).waitFor();
  await execute();
}

describe("GraphiQL", { timeout: 240_000 }, () => {
  before(async () => { browser = await launch(); });
  after(() => browser?.close());
  beforeEach(async () => { ({ page, seen } = await open(browser, ADDRESS)); });
  afterEach(async () => {
    // Nobody else was asked for anything, and nothing was forbidden, missing or broken.
    const foreign = seen.addresses.filter((address) => {
      return new URL(address).origin !== server.address && !address.startsWith("data:");
    });
    await page.context().close();
    assert.deepEqual(foreign, []);
    assert.deepEqual(seen.complaints, []);
  });

  it("loads, and shows the documentation of the schema", async () => {
    assert.equal(await page.title(), "Guerdon: GraphiQL");
    await panel("Show Documentation Explorer").click();
    const docs = page.locator(".graphiql-doc-explorer");
    await docs.getByRole("link", { name: "Query" }).first().click();
    await docs.getByText("validateReferralCode").first().click();
    await docs.getByText("Says whether a code can be used now").waitFor();
    assert.ok(seen.addresses.length > 3);
  });

  it("completes what is typed, marks what is wrong, and opens its dialogs", async () => {
    const editor = page.locator(".graphiql-query-editor .CodeMirror");
    await editor.click();
    await page.keyboard.press("Control+A");
    await page.keyboard.type("{ lead");
    await page.keyboard.press("Control+Space");
    await page.locator(".CodeMirror-hints").getByText("leaderboard").waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.type("nothing }");
    await page.locator(".CodeMirror-lint-mark-error").first().hover();
    await page.locator(".CodeMirror-lint-tooltip").waitFor();
    for (const title of ["Open short keys dialog", "Open settings dialog"]) {
      await panel(title).click();
      await page.getByRole("dialog").waitFor();
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "hidden" });
    }
  });

  it("runs each role's examples as they are shown", async () => {
    await signUp("ann");
    const credentials = {
      anyone: { tenant: TENANT },
      user: { key: await signUp("ann") },
      service: { key: keys.service },
      admin: { key: keys.admin },
      operator: { key: keys.operator },
    };
    for (const { role, name, query } of EXAMPLES) {
      await use(credentials[role]);
      await runExample(name);
      const text = await answered(/"(data|errors)":/);
      const { data, errors } = JSON.parse(text);
      assert.equal(errors, undefined, `${role}: ${name}: ${text}`);
      assert.ok(data, `${role}: ${name}`);
      // A subscription goes on until it is stopped, by the button that had started it.
      if (query.includes("subscription")) await page.locator(".graphiql-execute-button").click();
    }
  });

  it("shows a balance that changes while it is watched", async () => {
    await use({ key: await signUp("web-1") });
    await runExample("my balance, live");
    await answered(/"balance": 0\b/);
    await give("web-1", 1234);
    await answered(/"balance": 1234\b/);
  });

  it("changes the socket's credential with the page's", async () => {
    for (const [id, amount] of [["web-2", 21], ["web-3", 31]]) {
      const key = await signUp(id);
      await give(id, amount);
      await use({ key });
      await runExample("my balance, live");
      await answered(new RegExp(`"balance": ${amount}\\b`));
    }
  });

  it("keeps the key nowhere", async () => {
    await use({ key: keys.admin, tenant: TENANT });
    await runExample("what was decided, and why");
    await answered(/"data":/);
    await page.waitForTimeout(700);
    const kept = await page.evaluate(async () => ({
      local: { ...localStorage },
      session: { ...sessionStorage },
      cookies: document.cookie,
      databases: await indexedDB.databases(),
      state: history.state,
      address: location.href,
    }));
    assert.deepEqual(kept.local, {});
    assert.equal(kept.address, ADDRESS);
    assert.ok(!JSON.stringify(kept).includes(keys.admin));
    assert.ok(!seen.addresses.some((address) => address.includes(keys.admin)));
    await page.reload({ waitUntil: "networkidle" });
    assert.equal(await page.getByLabel("Key or token").inputValue(), "");
    assert.match(await page.locator(".graphiql-query-editor").innerText(), /Decisions/);
  });

  it("says what is wrong with a key, over HTTP and on the socket", async () => {
    await use({ key: "gdn_admin_gatewayz.wrong" });
    await runExample("what was decided, and why");
    await answered(/UNAUTHENTICATED/);
    await runExample("my balance, live");
    await answered(/4403/);
    const sockets = seen.addresses.filter((address) => address.endsWith("/graphql/ws"));
    assert.equal(sockets.length, 1, "it does not try again and again");
    // The browser itself notes that the answers were refusals.
    seen.complaints = seen.complaints.filter((text) => !text.includes("401"));
  });
});

describe("the files of GraphiQL", () => {
  it("come with a policy that lets nothing else run", async () => {
    const { headers } = await fetch(ADDRESS);
    const directives = headers.get("content-security-policy").split(";").map((text) => text.trim());
    const allowed = Object.fromEntries(directives.map((directive) => {
      const [name, ...sources] = directive.split(" ");
      return [name, sources.join(" ")];
    }));
    assert.deepEqual(allowed, {
      "default-src": "'none'",
      "script-src": "'self'",
      "style-src": "'self'",
      "img-src": "'self' data:",
      "connect-src": "'self'",
      "base-uri": "'none'",
      "form-action": "'none'",
      "frame-ancestors": "'none'",
    });
  });

  it("are kept for ever when their names have a hash, else not at all", async () => {
    const pageAnswer = await fetch(ADDRESS);
    assert.equal(pageAnswer.headers.get("cache-control"), "no-store");
    const named = [...(await pageAnswer.text()).matchAll(/(?:src|href)="(\/[^"]+)"/g)];
    assert.ok(named.length >= 2);
    for (const [, path] of named) {
      const file = await fetch(`${server.address}${path}`);
      assert.equal(file.status, 200, path);
      assert.equal(file.headers.get("cache-control"), "public, max-age=31536000, immutable");
      assert.match(file.headers.get("content-type"), /^text\/(javascript|css); charset=utf-8$/);
      assert.equal(file.headers.get("x-content-type-options"), "nosniff");
    }
    assert.equal((await fetch(`${ADDRESS}/assets/nothing.js`)).status, 404);
  });
});
