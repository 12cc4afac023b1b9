// How the page talks to the server: queries and mutations over HTTP, subscriptions over a socket,
// both with the same credential and to the server that the page came from.

import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { createClient } from "graphql-ws";

/** The socket was closed because of the credential: another try would end the same. */
const FORBIDDEN = 4403;

/** What a credential adds to a request: `key` and `tenant` are empty when they are not given. */
function headersOf({ key, tenant }) {
  return {
    ...(key && { authorization: `Bearer ${key}` }),
    ...(tenant && { "x-tenant": tenant }),
  };
}

/** A connection with a credential: what GraphiQL fetches by, and how its socket is closed. */
export function connect(credential) {
  const headers = headersOf(credential);
  const address = new URL("/graphql/ws", window.location.href);
  address.protocol = address.protocol.replace("http", "ws");
  const wsClient = createClient({
    url: address.href,
    connectionParams: headers,
    shouldRetry: (event) => event?.code !== FORBIDDEN,
  });
  const fetcher = createGraphiQLFetcher({
    url: "/graphql",
    headers,
    wsClient,
    enableIncrementalDelivery: false,
  });
  return { fetcher, close: () => wsClient.dispose() };
}
