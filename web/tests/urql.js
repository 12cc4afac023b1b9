// urql: queries, mutations, errors, persisted queries and subscriptions.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, it } from "node:test";

import { Client, fetchExchange, gql, subscriptionExchange } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";
import { createClient } from "graphql-ws";
import { WebSocket } from "ws";

import { noting } from "./requests.js";
import { give, keys, server, signUp } from "./server.js";

const ME = gql`query Me { me { id } }`;
const ADD = gql`mutation Add($input: AddCreditsInput!) { addCredits(input: $input) { account { balance } } }`;

function client(key, exchanges, preferGetMethod = false) {
  const { requests, fetch } = noting();
  const urql = new Client({
    url: `${server.address}/graphql`,
    exchanges,
    preferGetMethod,
    fetch,
    fetchOptions: { headers: { authorization: `Bearer ${key}` } },
  });
  return { urql, requests };
}

describe("urql", { timeout: 60_000 }, () => {
  for (const preferGetMethod of [false, "force"]) {
    it(`asks by ${preferGetMethod ? "GET" : "POST"}`, async () => {
      const token = await signUp("urql-1");
      const { urql, requests } = client(token, [fetchExchange], preferGetMethod);
      const { data, error } = await urql.query(ME, {}).toPromise();
      assert.equal(error, undefined);
      assert.equal(data.me.id, "urql-1");
      assert.equal(requests[0].method, preferGetMethod ? "GET" : "POST");
    });
  }

  it("changes, and tells a refusal by its code", async () => {
    await signUp("urql-2");
    const { urql } = client(keys.service, [fetchExchange]);
    const add = (userId) => urql.mutation(ADD, { input: { userId, amount: 40 } }).toPromise();
    assert.equal((await add("urql-2")).data.addCredits.account.balance, 40);
    const refused = await add("nobody");
    assert.equal(refused.error.graphQLErrors[0].extensions.code, "NOT_FOUND");
  });

  for (const preferGetForPersistedQueries of [false, "force"]) {
    const way = preferGetForPersistedQueries ? "GET" : "POST";
    it(`persists queries over ${way}`, async () => {
      const token = await signUp("urql-3");
      const persisted = persistedExchange({ preferGetForPersistedQueries });
      const { urql, requests } = client(token, [persisted, fetchExchange]);
      const query = `query Q${randomUUID().replaceAll("-", "")} { me { id } }`;
      for (let times = 0; times < 3; times += 1) {
        const { data, error } = await urql.query(query, {}).toPromise();
        assert.equal(error, undefined);
        assert.equal(data.me.id, "urql-3");
      }
      const sent = requests.map(({ method, hasDocument }) => [method, hasDocument]);
      const whole = sent[1];
      assert.deepEqual(sent, [[way, false], whole, [way, false], [way, false]]);
      assert.equal(whole[1], true);
    });
  }

  it("subscribes", async () => {
    const token = await signUp("urql-4");
    const socket = createClient({
      url: server.sockets,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${token}` },
    });
    const forward = ({ query = "", variables }) => ({
      subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query, variables }, sink) }),
    });
    const exchange = subscriptionExchange({ forwardSubscription: forward });
    const { urql } = client(token, [exchange]);
    const seen = await new Promise((resolve, reject) => {
      const balances = [];
      const query = "subscription { creditsChanged { balance } }";
      const { unsubscribe } = urql.subscription(query, {}).subscribe(({ data, error }) => {
        if (error) reject(error);
        balances.push(data.creditsChanged.balance);
        if (balances.length === 1) give("urql-4", 55).catch(reject);
        if (balances.length === 2) {
          unsubscribe();
          resolve(balances);
        }
      });
    });
    assert.deepEqual(seen, [0, 55]);
    await socket.dispose();
  });
});
