import { useEditorContext } from "@graphiql/react";
import { flushSync } from "react-dom";

import text from "./examples.graphql?raw";
import { ROLES, examplesIn } from "./roles.js";

const EXAMPLES = examplesIn(text);

/** What is open at first: an example of each role. */
export const FIRST_TABS = ROLES.map(({ role }) => {
  return { query: EXAMPLES.find((example) => example.role === role).query };
});

/** All examples by role; the chosen one opens in a tab of its own. */
export function ExamplesMenu() {
  const { addTab, queryEditor } = useEditorContext({ nonNull: true });
  const open = (name) => {
    // A new tab fills the editor with a text of its own, and must have done so before ours comes.
    flushSync(addTab);
    queryEditor.setValue(EXAMPLES.find((example) => example.name === name).query);
  };
  return (
    <select
      className="examples"
      aria-label="Examples"
      value=""
      onChange={(event) => open(event.target.value)}
    >
      <option value="" disabled>Examples…</option>
      {ROLES.map(({ role, credential }) => (
        <optgroup key={role} label={`${role}: ${credential}`}>
          {EXAMPLES.filter((example) => example.role === role).map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </optgroup>
      ))}
    </select>
  );
}
