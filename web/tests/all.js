// All tests, in one process, against one server: `npm test`. The program is the one that GUERDON_BIN
// names, else the debug build.

import { after } from "node:test";

import { server } from "./server.js";

import "./examples.js";
import "./audits.js";
import "./apollo.js";
import "./urql.js";
import "./sockets.js";
import "./licences.js";

// Where no browser can be installed, the clients are tried all the same.
if (!process.env.WITHOUT_BROWSER) await import("./page.js");

after(() => server.stop());
