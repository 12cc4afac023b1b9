// The examples that GraphiQL opens with are valid, as graphql-js sees it.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";

import { buildSchema, parse, specifiedRules, validate } from "graphql";

import { ROLES, examplesIn } from "../src/roles.js";

const read = (path) => readFile(new URL(path, import.meta.url), "utf8");
export const EXAMPLES = examplesIn(await read("../src/examples.graphql"));

describe("the examples", () => {
  it("fit the schema, each as it is shown", async () => {
    const schema = buildSchema(await read("../../schema.graphql"));
    for (const { name, query } of EXAMPLES) {
      const errors = validate(schema, parse(query), specifiedRules);
      assert.deepEqual(errors.map((error) => error.message), [], name);
    }
  });

  it("are there for each role", () => {
    for (const { role } of ROLES) {
      assert.ok(EXAMPLES.some((example) => example.role === role), role);
    }
    const names = EXAMPLES.map((example) => example.name);
    assert.equal(new Set(names).size, names.length);
  });
});
