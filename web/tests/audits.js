// The audits of GraphQL over HTTP that the package graphql-http brings: MUST, SHOULD and MAY.

import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { serverAudits } from "graphql-http";

import { server } from "./server.js";

describe("GraphQL over HTTP", { timeout: 60_000 }, () => {
  const audits = serverAudits({ url: `${server.address}/graphql`, fetchFn: fetch });

  for (const audit of audits) {
    it(`${audit.id} ${audit.name}`, async () => {
      const result = await audit.fn();
      assert.equal(result.status, "ok", result.reason);
      await result.response?.body?.cancel();
    });
  }

  it("is audited at every level", () => {
    for (const level of ["MUST", "SHOULD", "MAY"]) {
      assert.ok(audits.some((audit) => audit.name.startsWith(level)), level);
    }
    assert.ok(audits.length > 60, `${audits.length} audits`);
  });
});
