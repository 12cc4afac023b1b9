import "graphiql/style.css";
import "./page.css";

import { GraphiQL } from "graphiql";
import { useEffect, useMemo, useState } from "react";
import { createRoot } from "react-dom/client";

import { connect } from "./connection.js";
import { Credential } from "./credential.jsx";
import { EXAMPLES, examplesPlugin } from "./examples-plugin.jsx";

const PLUGINS = [examplesPlugin];

function Page() {
  const [credential, setCredential] = useState({ key: "", tenant: "" });
  const connection = useMemo(() => connect(credential), [credential]);
  useEffect(() => () => connection.close(), [connection]);
  return (
    <>
      <Credential onChange={setCredential} />
      <GraphiQL
        fetcher={connection.fetcher}
        // What is typed lives as long as the tab; the browser keeps none of it.
        storage={window.sessionStorage}
        shouldPersistHeaders={false}
        isHeadersEditorEnabled={false}
        plugins={PLUGINS}
        visiblePlugin={examplesPlugin}
        defaultQuery={EXAMPLES[0].query}
      >
        <GraphiQL.Logo>{" "}</GraphiQL.Logo>
      </GraphiQL>
    </>
  );
}

createRoot(document.getElementById("page")).render(<Page />);
