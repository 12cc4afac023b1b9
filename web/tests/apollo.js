// Apollo Client: queries, mutations, errors, persisted queries and subscriptions.

import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { describe, it } from "node:test";

import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { CombinedGraphQLErrors } from "@apollo/client/errors";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { createClient } from "graphql-ws";
import { WebSocket } from "ws";

import { noting } from "./requests.js";
import { give, keys, server, signUp } from "./server.js";

const ME = gql`query Me { me { id credits { balance } } }`;
const ADD = gql`mutation Add($input: AddCreditsInput!) { addCredits(input: $input) { account { balance } } }`;

const sha256 = (text) => createHash("sha256").update(text).digest("hex");

function client(key, before = []) {
  const { requests, fetch } = noting();
  const headers = { authorization: `Bearer ${key}` };
  const http = new HttpLink({ uri: `${server.address}/graphql`, fetch, headers });
  const link = ApolloLink.from([...before, http]);
  const apollo = new ApolloClient({ link, cache: new InMemoryCache() });
  const fresh = (query) => apollo.query({ query, fetchPolicy: "network-only" });
  return { apollo, fresh, requests };
}

describe("Apollo Client", { timeout: 60_000 }, () => {
  it("asks and changes", async () => {
    const token = await signUp("apollo-1");
    const input = { userId: "apollo-1", amount: 250 };
    const added = await client(keys.service).apollo.mutate({ mutation: ADD, variables: { input } });
    assert.equal(added.data.addCredits.account.balance, 250);
    const { data } = await client(token).apollo.query({ query: ME });
    assert.equal(data.me.id, "apollo-1");
    assert.equal(data.me.credits.balance, 250);
  });

  it("tells a refusal by its code", async () => {
    const input = { userId: "nobody", amount: 1 };
    await assert.rejects(
      client(keys.service).apollo.mutate({ mutation: ADD, variables: { input } }),
      (error) => {
        assert.ok(CombinedGraphQLErrors.is(error));
        assert.equal(error.errors[0].extensions.code, "NOT_FOUND");
        return true;
      },
    );
  });

  for (const [way, useGETForHashedQueries] of [["POST", false], ["GET", true]]) {
    it(`persists queries over ${way}`, async () => {
      const token = await signUp(`apollo-persisted-${way}`);
      const persisted = new PersistedQueryLink({ sha256, useGETForHashedQueries });
      const { fresh, requests } = client(token, [persisted]);
      // A document that no run before has sent, so that the server cannot know its hash.
      const query = gql(`query Q${randomUUID().replaceAll("-", "")} { me { id } }`);
      for (let times = 0; times < 3; times += 1) {
        assert.equal((await fresh(query)).data.me.id, `apollo-persisted-${way}`);
      }
      const sent = requests.map(({ method, hasDocument }) => [method, hasDocument]);
      // Asked by its hash alone; sent whole once, as it was not known; known from then on.
      const whole = sent[1];
      assert.deepEqual(sent, [[way, false], whole, [way, false], [way, false]]);
      assert.equal(whole[1], true);
    });
  }

  it("sends mutations by POST when queries go by GET", async () => {
    await signUp("apollo-2");
    const persisted = new PersistedQueryLink({ sha256, useGETForHashedQueries: true });
    const { apollo, requests } = client(keys.service, [persisted]);
    const variables = { input: { userId: "apollo-2", amount: 7 } };
    const added = await apollo.mutate({ mutation: ADD, variables });
    assert.equal(added.data.addCredits.account.balance, 7);
    assert.ok(requests.every(({ method }) => method === "POST"));
  });

  it("subscribes", async () => {
    const token = await signUp("apollo-3");
    const socket = createClient({
      url: server.sockets,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${token}` },
    });
    const apollo = new ApolloClient({ link: new GraphQLWsLink(socket), cache: new InMemoryCache() });
    const query = gql`subscription { creditsChanged { userId unit balance } }`;
    const seen = await new Promise((resolve, reject) => {
      const balances = [];
      const subscription = apollo.subscribe({ query }).subscribe({
        next({ data, error }) {
          if (error) reject(error);
          balances.push(data.creditsChanged.balance);
          if (balances.length === 1) give("apollo-3", 30).catch(reject);
          if (balances.length === 2) {
            subscription.unsubscribe();
            resolve(balances);
          }
        },
        error: reject,
      });
    });
    assert.deepEqual(seen, [0, 30]);
    await socket.dispose();
  });
});
