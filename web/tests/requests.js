// A `fetch` that notes what is sent, for clients that are given one.

/** Gives the `fetch`, and the list of what it was called with. */
export function noting() {
  const requests = [];
  const noted = async (address, options = {}) => {
    const url = new URL(address);
    const sent = options.body ? JSON.parse(options.body) : Object.fromEntries(url.searchParams);
    const response = await fetch(address, options);
    const { method = "GET" } = options;
    requests.push({ method, hasDocument: Boolean(sent.query), status: response.status });
    return response;
  };
  return { requests, fetch: noted };
}
