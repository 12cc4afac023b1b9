import { useState } from "react";

/** A field whose text is taken over when it is left, or on Enter. */
function Field({ label, onChange, ...rest }) {
  const [text, setText] = useState("");
  return (
    <label>
      {label}
      <input
        {...rest}
        autoComplete="off"
        spellCheck={false}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onBlur={() => onChange(text.trim())}
        onKeyDown={(event) => event.key === "Enter" && onChange(text.trim())}
      />
    </label>
  );
}

/** Where the key and the tenant are typed in. Both live in this page's memory alone. */
export function Credential({ onChange }) {
  const change = (part) => onChange((known) => changed(known, part));
  return (
    <header className="credential">
      <h1>Guerdon</h1>
      <Field
        label="Key or token"
        name="key"
        type="password"
        placeholder="gdn_admin_…, a user's token, or the operator's key"
        onChange={(key) => change({ key })}
      />
      <Field
        label="X-Tenant"
        name="tenant"
        placeholder="for the operator, or without a key"
        onChange={(tenant) => change({ tenant })}
      />
      <p>The key stays in this page until it is closed or loaded again, and goes to this server alone.</p>
    </header>
  );
}

/** The same object when nothing changed, so that the schema is not asked for again. */
function changed(known, part) {
  const isSame = Object.entries(part).every(([name, value]) => known[name] === value);
  return isSame ? known : { ...known, ...part };
}
