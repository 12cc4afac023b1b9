// All tests, in one process, against one server: `npm test`. The program is the one that GUERDON_BIN
// names, else the debug build.

import { after } from "node:test";

import { server } from "./server.js";

import "./examples.js";
import "./audits.js";
import "./apollo.js";
import "./urql.js";
import "./sockets.js";
import "./page.js";
import "./licences.js";

after(() => server.stop());
