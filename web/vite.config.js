import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

/** GraphiQL's style brings 360 KB of fonts; the reader's own fonts do as well. */
const withoutFonts = {
  name: "without-fonts",
  enforce: "pre",
  transform(text, id) {
    return id.endsWith(".css") ? text.replace(/@font-face\s*\{[^}]*\}/g, "") : undefined;
  },
};

export default defineConfig({
  base: "/graphiql/",
  plugins: [withoutFonts],
  resolve: {
    alias: {
      // It writes a style element into the page, which the policy forbids.
      "react-style-singleton": fileURLToPath(new URL("src/no-style-elements.js", import.meta.url)),
    },
    dedupe: ["graphql", "react", "react-dom"],
  },
  build: {
    target: "es2022",
    // A script of its own inside the page would need a hash in the policy.
    modulePreload: { polyfill: false },
    // Nothing becomes a data: address.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 2000,
    rolldownOptions: {
      // Packages say "use client" for servers that render; there is none here.
      checks: { moduleLevelDirective: false },
    },
    license: { fileName: "licences.md" },
  },
});
