// graphql-ws, the client of the protocol's authors.

import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { createClient } from "graphql-ws";
import { WebSocket } from "ws";

import { give, keys, server, signUp } from "./server.js";

const BALANCE = "subscription { creditsChanged { balance } }";

/** A client that notes each socket that it opens, and with which code each is closed. */
function client(connectionParams, options = {}) {
  const sockets = { opened: 0, codes: [] };
  const client = createClient({
    url: server.sockets,
    webSocketImpl: WebSocket,
    connectionParams,
    retryWait: async () => {},
    on: {
      opened: () => { sockets.opened += 1; },
      closed: (event) => { sockets.codes.push(event.code); },
    },
    ...options,
  });
  return { client, sockets };
}

const bearer = (key) => ({ authorization: `Bearer ${key}` });

/** What a subscription gives until it has given so much. */
async function take(client, payload, wanted, onFirst = async () => {}) {
  const seen = [];
  for await (const answer of client.iterate(payload)) {
    assert.equal(answer.errors, undefined);
    seen.push(answer.data);
    if (seen.length === 1) await onFirst();
    if (seen.length === wanted) break;
  }
  return seen;
}

describe("graphql-ws", { timeout: 60_000 }, () => {
  it("gets the value now, and each change", async () => {
    const { client: ws } = client(bearer(await signUp("ws-1")));
    const seen = await take(ws, { query: BALANCE }, 2, () => give("ws-1", 12));
    assert.deepEqual(seen.map((data) => data.creditsChanged.balance), [0, 12]);
    await ws.dispose();
  });

  it("has several subscriptions and queries on one socket", async () => {
    for (const id of ["ws-2", "ws-3"]) await signUp(id);
    const { client: ws, sockets } = client(bearer(keys.service));
    const query = "subscription ($id: ID!) { creditsChanged(userId: $id) { userId balance } }";
    const watch = (id, amount) => take(ws, { query, variables: { id } }, 2, () => give(id, amount));
    const question = '{ user(id: "ws-2") { id } }';
    const all = await Promise.all([watch("ws-2", 3), watch("ws-3", 4), take(ws, { query: question }, 1)]);
    const balances = all.slice(0, 2).map((seen) => seen.map((data) => data.creditsChanged));
    assert.deepEqual(balances, [
      [{ userId: "ws-2", balance: 0 }, { userId: "ws-2", balance: 3 }],
      [{ userId: "ws-3", balance: 0 }, { userId: "ws-3", balance: 4 }],
    ]);
    assert.deepEqual(all[2], [{ user: { id: "ws-2" } }]);
    assert.equal(sockets.opened, 1);
    await ws.dispose();
  });

  it("is told what is wrong with a document, and goes on", async () => {
    const { client: ws, sockets } = client(bearer(await signUp("ws-4")));
    const refused = (query) => assert.rejects(take(ws, { query }, 1), (errors) => errors.length === 1);
    await refused("subscription { nothing }");
    assert.equal((await take(ws, { query: BALANCE }, 1)).length, 1);
    assert.equal(new Set(sockets.codes.filter((code) => code !== 1000)).size, 0);
    await ws.dispose();
  });

  for (const [what, params] of [["a wrong key", bearer("gdn_service_gatewayz.wrong")], ["no key", {}]]) {
    it(`with ${what} is closed with 4403, and gives up`, async () => {
      const { client: ws, sockets } = client(params, { retryAttempts: 2 });
      await assert.rejects(take(ws, { query: BALANCE }, 1), (event) => event.code === 4403);
      // By itself it tries as often as it is set to; more than that it does not.
      await new Promise((resolve) => setTimeout(resolve, 200));
      assert.deepEqual(sockets.codes, [4403, 4403, 4403]);
      await ws.dispose();
    });
  }
});
