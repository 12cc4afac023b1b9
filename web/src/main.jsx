import "graphiql/style.css";
import "./page.css";

import { GraphiQL } from "graphiql";
import { useEffect, useMemo, useState } from "react";
import { createRoot } from "react-dom/client";

import { connect } from "./connection.js";
import { Credential } from "./credential.jsx";
import { ExamplesMenu, FIRST_TABS } from "./examples-menu.jsx";

function Page() {
  const [credential, setCredential] = useState({ key: "", tenant: "" });
  const connection = useMemo(() => connect(credential), [credential]);
  useEffect(() => () => connection.close(), [connection]);
  return (
    <>
      <Credential onChange={setCredential} />
      <GraphiQL
        fetcher={connection.fetcher}
        // What is typed lives as long as the tab does.
        storage={window.sessionStorage}
        shouldPersistHeaders={false}
        isHeadersEditorEnabled={false}
        defaultTabs={FIRST_TABS}
        defaultQuery=""
      >
        <GraphiQL.Logo>
          <ExamplesMenu />
        </GraphiQL.Logo>
      </GraphiQL>
    </>
  );
}

createRoot(document.getElementById("page")).render(<Page />);
