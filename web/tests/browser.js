// A real Chromium, which notes everything that a page asks for and complains about.

import { existsSync } from "node:fs";

import { chromium } from "playwright-core";

const INSTALLED = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

const SWITCHES = [
  // As root it does not start otherwise; it loads nothing here but our own pages.
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  // What it would ask its maker's servers by itself.
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export function launch() {
  const executablePath = process.env.CHROMIUM_BIN ?? INSTALLED.find((path) => existsSync(path));
  if (!executablePath) throw new Error("Chromium is not installed: apt-get install chromium");
  return chromium.launch({ executablePath, args: SWITCHES });
}

/** Opens a page of its own profile; `seen` is what it has asked for and complained about so far. */
export async function open(browser, address) {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();
  const seen = { addresses: [], complaints: [] };
  page.on("request", (request) => seen.addresses.push(request.url()));
  page.on("websocket", (socket) => seen.addresses.push(socket.url().replace(/^ws/, "http")));
  page.on("pageerror", (error) => seen.complaints.push(String(error)));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) seen.complaints.push(message.text());
  });
  await page.exposeFunction("noteViolation", (violation) => seen.complaints.push(violation));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      window.noteViolation(`${event.violatedDirective} forbids ${event.blockedURI}: ${event.sample}`);
    });
  });
  await page.goto(address, { waitUntil: "networkidle" });
  return { page, seen };
}
