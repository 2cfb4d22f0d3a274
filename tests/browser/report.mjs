// Opens the report of the 300 users as a person would: node report.mjs REPORT
//
// No error, no picture without words, no violation that axe-core knows of, in light and dark, on a
// desk and on a phone; tables that sort; and all of it there without JavaScript.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { launch } from "./browser.mjs";

const url = pathToFileURL(process.argv[2]).href;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const browser = await launch();

/** A page that notes what goes wrong in it, and what it asks for. */
async function open(options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const wrong = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && wrong.push(message.text()));
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("request", (request) => request.url() !== url && wrong.push(`asked for ${request.url()}`));
  await page.goto(url);
  return { page, wrong, close: () => context.close() };
}

async function test(name, options, body) {
  const opened = await open(options);
  await body(opened.page);
  assert.deepEqual(opened.wrong, [], name);
  await opened.close();
  console.log(`ok: ${name}`);
}

const desk = { viewport: { width: 1280, height: 900 } };
const phone = { viewport: { width: 390, height: 844 }, isMobile: true };

await test("every key of 300 users is in it, and every user with a key has a timeline", desk, async (page) => {
  const keys = await page.locator("#keys tbody tr").count();
  const users = await page.locator("#history tbody tr").count();
  const keyless = Number((await page.locator("#keys > p").last().innerText()).match(/^(\d+) more/)[1]);
  assert.equal(users + keyless, 300);
  assert.ok(keys >= users, `${keys} keys of ${users} users`);
  assert.equal(await page.locator("#history svg.timeline").count(), users);
});

await test("each picture says in words what it shows", desk, async (page) => {
  const pictures = page.locator("svg:not([aria-hidden]):not([aria-hidden] svg)");
  const words = await pictures.evaluateAll((all) =>
    all.map((picture) => {
      const named = (picture.getAttribute("aria-labelledby") ?? "").split(" ").filter(Boolean);
      const text = named.map((id) => document.getElementById(id).textContent).join(" ");
      return [picture.getAttribute("role"), picture.getAttribute("aria-label") ?? text];
    }),
  );
  assert.ok(words.length > 250, `${words.length} pictures`);
  for (const [role, text] of words) assert.ok(role === "img" && /\d/.test(text), text);
  const ages = await page.locator("#ages-words").textContent();
  const drawn = await page.locator("#overview figure").first().locator("svg .value").allTextContents();
  assert.deepEqual(ages.match(/: \d+/g).map((count) => count.slice(2)), drawn);
  // The picture's first three bands are the keys that the first figure counts.
  const counted = await page.locator(".tile .of").first().innerText();
  assert.equal(drawn.slice(0, 3).reduce((sum, count) => sum + Number(count), 0), parseInt(counted, 10));
});

await test("the keys sort by age, both ways, and say so", desk, async (page) => {
  const head = page.locator("#keys thead th", { hasText: "Age, days" });
  const ages = async () => (await page.locator("#keys tbody td:nth-of-type(4)").allInnerTexts()).map(Number);
  await head.getByRole("button").click();
  assert.equal(await head.getAttribute("aria-sort"), "ascending");
  const up = await ages();
  assert.deepEqual(up, up.toSorted((a, b) => a - b));
  await head.getByRole("button").press("Enter");
  assert.equal(await head.getAttribute("aria-sort"), "descending");
  assert.deepEqual(await ages(), up.toReversed());
});

await test("rows can be looked for", desk, async (page) => {
  await page.locator("#keys").getByLabel("Show rows with").fill("billing-us-");
  const shown = await page.locator("#keys tbody tr:visible th").allInnerTexts();
  assert.ok(shown.length > 3 && shown.every((name) => name.startsWith("billing-us-")), String(shown));
});

await test("it is all there without JavaScript", { ...desk, javaScriptEnabled: false }, async (page) => {
  assert.ok((await page.locator("#keys tbody tr").count()) > 290);
  assert.equal(await page.locator("button, input").count(), 0);
});

await test("nothing stands beyond the edge of a phone's screen", phone, async (page) => {
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(width <= 390, `${width}`);
});

for (const [name, options] of [
  ["light", { ...desk, colorScheme: "light" }],
  ["dark", { ...desk, colorScheme: "dark" }],
  ["on a phone", phone],
]) {
  await test(`axe-core finds nothing, ${name}`, options, async (page) => {
    for (const details of await page.locator("details").all()) {
      await details.evaluate((element) => { element.open = true; });
    }
    // The page's own policy lets no other script in; a test's comes by another way.
    await page.evaluate(axe);
    const { violations, passes } = await page.evaluate(() => globalThis.axe.run());
    const told = violations.map((found) => `${found.id}: ${found.nodes[0].html.slice(0, 200)} (${found.nodes.length})`);
    assert.deepEqual(told, [], name);
    assert.ok(passes.length > 20);
  });
}

await test("it prints on paper", { ...desk, colorScheme: "dark" }, async (page) => {
  const paper = await page.pdf({ preferCSSPageSize: true });
  assert.ok(paper.length > 50_000);
  await page.emulateMedia({ media: "print" });
  const [ink, ground] = await page.evaluate(() => {
    const style = getComputedStyle(document.body);
    return [style.color, style.backgroundColor];
  });
  assert.deepEqual([ink, ground], ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]);
});

await browser.close();
