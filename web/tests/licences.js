// What is carried in the binary may be given on, and says whose it is.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { it } from "node:test";

const ALLOWED = ["MIT", "ISC", "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause"];

it("every bundled package has a licence that allows it, and its text is there", async () => {
  const text = await readFile(new URL("../dist/licences.md", import.meta.url), "utf8");
  const packages = [...text.matchAll(/^## (\S+) - \S+ \((.+)\)$/gm)];
  for (const [, name, licence] of packages) assert.ok(ALLOWED.includes(licence), `${name}: ${licence}`);
  const names = packages.map(([, name]) => name);
  for (const name of ["graphiql", "graphql", "graphql-ws", "react", "react-dom"]) {
    assert.ok(names.includes(name), name);
  }
});
