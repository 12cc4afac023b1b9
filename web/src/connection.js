// How the page talks to the server: queries and mutations over HTTP, subscriptions over a socket,
// both with the same credential, and to the server that the page came from.

import { getOperationAST } from "graphql";
import { createClient } from "graphql-ws";

/** The socket was closed because of the credential: another try would end the same. */
const FORBIDDEN = 4403;

/** What a credential adds to a request; its key and its tenant are empty when they are not given. */
function headersOf({ key, tenant }) {
  return {
    ...(key && { authorization: `Bearer ${key}` }),
    ...(tenant && { "x-tenant": tenant }),
  };
}

async function post(payload, headers) {
  const response = await fetch("/graphql", {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/graphql-response+json, application/json;q=0.9",
      ...headers,
    },
    body: JSON.stringify(payload),
  });
  return response.json();
}

function openSocket(headers) {
  const address = new URL("/graphql/ws", window.location.href);
  address.protocol = address.protocol.replace("http", "ws");
  return createClient({
    url: address.href,
    connectionParams: headers,
    shouldRetry: (event) => event?.code !== FORBIDDEN,
  });
}

/** What a subscription gives. GraphiQL shows an answer or an error; it knows no other way to fail. */
async function* watch(socket, payload) {
  try {
    yield* socket.iterate(payload);
  } catch (error) {
    if (Array.isArray(error)) {
      yield { errors: error };
    } else if (error instanceof CloseEvent) {
      throw new Error(`The socket was closed: ${error.code} ${error.reason}`);
    } else {
      throw error;
    }
  }
}

/** A connection with a credential: what GraphiQL fetches by, and how its socket is closed. */
export function connect(credential) {
  const headers = headersOf(credential);
  const socket = openSocket(headers);
  const fetcher = (payload, { documentAST } = {}) => {
    const operation = documentAST && getOperationAST(documentAST, payload.operationName);
    const isWatched = operation?.operation === "subscription";
    return isWatched ? watch(socket, payload) : post(payload, headers);
  };
  return { fetcher, close: () => socket.dispose() };
}
