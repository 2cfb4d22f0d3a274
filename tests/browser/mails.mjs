// Looks at mails as their readers do: node mails.mjs MAILS PICTURES
//
// Each HTML part at a desk's and a phone's width, light and dark; each text as it is. A mail that
// loads anything, is wider than a phone, breaks a date over two lines, is longer than anybody reads
// or has a violation that axe-core knows of is an error.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { launch } from "./browser.mjs";

const [mails, pictures] = process.argv.slice(2).map((folder) => resolve(folder));
rmSync(pictures, { recursive: true, force: true });
mkdirSync(pictures, { recursive: true });
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
// A mail is a part of the reader's page, whose landmarks it stands in.
const rules = { region: { enabled: false }, "landmark-one-main": { enabled: false } };
const browser = await launch();
/** The longest mail, in pixels, at each width: a digest of many sections. */
const LONGEST = { 800: 5000, 390: 7500 };

let longest = 0;

/** Dates that stand on more than one line. */
function brokenDates() {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const broken = [];
  while (texts.nextNode()) {
    const text = texts.currentNode;
    for (const date of text.data.matchAll(/\d{4}-\d\d-\d\d\s\d\d:\d\d\sUTC/gu)) {
      const range = document.createRange();
      range.setStart(text, date.index);
      range.setEnd(text, date.index + date[0].length);
      const lines = new Set([...range.getClientRects()].map((box) => Math.round(box.top)));
      if (lines.size > 1) broken.push(date[0]);
    }
  }
  return broken;
}

for (const [view, viewport, colorScheme] of [
  ["desk-light", { width: 800, height: 600 }, "light"],
  ["desk-dark", { width: 800, height: 600 }, "dark"],
  ["phone-light", { width: 390, height: 700 }, "light"],
  ["phone-dark", { width: 390, height: 700 }, "dark"],
]) {
  const page = await browser.newPage({ viewport, colorScheme });
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  for (const file of readdirSync(mails).filter((name) => name.endsWith(".html"))) {
    const url = pathToFileURL(join(mails, file)).href;
    await page.goto(url);
    await page.screenshot({ path: join(pictures, file.replace(".html", `.${view}.png`)), fullPage: true });
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= viewport.width, `${file} is ${width} wide`);
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    assert.ok(height <= LONGEST[viewport.width], `${file} is ${height} px long at ${viewport.width}`);
    longest = Math.max(longest, height);
    const broken = await page.evaluate(brokenDates);
    assert.deepEqual(broken, [], `dates over two lines in ${file}, ${view}`);
    await page.evaluate(axe);
    const { violations } = await page.evaluate((rules) => globalThis.axe.run({ rules }), rules);
    const told = violations.map((found) => `${found.id}: ${found.nodes[0].html.slice(0, 200)}`);
    assert.deepEqual(told, [], `${file}, ${view}`);
    assert.deepEqual(asked.splice(0), [url], file);
  }
  await page.close();
}

const page = await browser.newPage({ viewport: { width: 800, height: 400 } });
for (const file of readdirSync(mails).filter((name) => name.endsWith(".txt"))) {
  await page.setContent("<pre style='font:14px/1.45 monospace;white-space:pre-wrap;margin:16px;width:80ch'></pre>");
  await page.locator("pre").evaluate((pre, text) => { pre.textContent = text; }, readFileSync(join(mails, file), "utf8"));
  await page.screenshot({ path: join(pictures, file.replace(".txt", ".text.png")), fullPage: true });
}
await browser.close();
console.log(`ok: ${readdirSync(pictures).length} pictures of ${readdirSync(mails).length} mails and alerts in ${pictures}; the longest is ${longest} px`);
