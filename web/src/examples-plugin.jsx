import { useEditorContext } from "@graphiql/react";
import { flushSync } from "react-dom";

import text from "./examples.graphql?raw";
import { ROLES, examplesIn } from "./roles.js";

export const EXAMPLES = examplesIn(text);

function Icon() {
  return (
    <svg viewBox="0 0 24 24" height="1em" fill="none" stroke="currentColor" strokeWidth="1.5">
      <path d="M5 4h14v16H5zM8 8h8M8 12h8M8 16h5" />
    </svg>
  );
}

/** All examples by role; the chosen one opens in a tab of its own. */
function Examples() {
  const { addTab, queryEditor } = useEditorContext({ nonNull: true });
  const open = (example) => {
    // A new tab fills the editor with a text of its own, and must have done so before ours comes.
    flushSync(addTab);
    queryEditor.setValue(example.query);
  };
  const button = (example) => (
    <li key={example.name}>
      <button type="button" onClick={() => open(example)}>{example.name}</button>
    </li>
  );
  return (
    <section className="examples">
      <h2>Examples</h2>
      {ROLES.map(({ role, credential }) => (
        <div key={role}>
          <h3>{role}</h3>
          <p>{credential}</p>
          <ul>{EXAMPLES.filter((example) => example.role === role).map(button)}</ul>
        </div>
      ))}
    </section>
  );
}

/** The panel beside the editor. */
export const examplesPlugin = { title: "Examples", icon: Icon, content: Examples };
