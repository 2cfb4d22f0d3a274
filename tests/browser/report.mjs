// Opens the report of the 300 users as a person would: node report.mjs REPORT FIRST
//
// No error, no picture without words, no violation that axe-core knows of, in light and dark, on a
// desk and on a phone; tables that sort; a page that is short until it is unfolded; and all of it
// there without JavaScript. FIRST is the first report of the same chain.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { launch } from "./browser.mjs";

const [report, first] = process.argv.slice(2, 4).map((file) => pathToFileURL(file).href);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const browser = await launch();

/** A page that notes what goes wrong in it, and what it asks for. */
async function open({ url = report, ...options }) {
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
const tablet = { viewport: { width: 800, height: 1100 } };
const phone = { viewport: { width: 390, height: 844 }, isMobile: true };
/** What a user adds to the height of the page, in pixels, while most is folded; and the page without any user. */
const MOST_A_USER = 30;
const MOST_OF_PAGE = 3500;

/** Opens all that is folded. */
async function unfold(page) {
  await page.evaluate(() => document.querySelectorAll("details").forEach((details) => { details.open = true; }));
}

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
  await unfold(page);
  const table = page.locator("#keys table").last();
  const head = table.locator("thead th", { hasText: "Age, days" });
  const ages = async () => (await table.locator("tbody td:nth-of-type(4)").allInnerTexts()).map(Number);
  await head.getByRole("button").click();
  assert.equal(await head.getAttribute("aria-sort"), "ascending");
  const up = await ages();
  assert.ok(up.length > 200, `${up.length} keys`);
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

for (const [name, options] of [["desk", desk], ["tablet", tablet], ["phone", phone]]) {
  await test(`the page is short on a ${name}, and says what is folded`, options, async (page) => {
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    const most = MOST_OF_PAGE + 300 * MOST_A_USER;
    assert.ok(height <= most, `${height} px, at most ${most}`);
    const folded = await page.locator("details.fold > summary").allInnerTexts();
    assert.ok(folded.length === 2 && folded.every((text) => /\d+ user/.test(text)), String(folded));
  });
}

await test("no name of a user breaks on a desk, be it an address", desk, async (page) => {
  await unfold(page);
  const broken = await page.evaluate(() => {
    const names = [...document.querySelectorAll("#keys tbody th, #history tbody th, #exemptions tbody th, #findings tbody th")];
    const address = "firstname.lastname@subsidiary.example.com";
    // Every table gets an address, so that all of them are tried with one.
    for (const body of document.querySelectorAll("#keys tbody, #history tbody, #exemptions tbody, #findings tbody")) {
      const name = body.querySelector("th").firstChild;
      while (name.nextSibling?.nodeName === "WBR" || name.nextSibling?.nodeName === "#text") name.nextSibling.remove();
      name.textContent = address;
    }
    return names.filter((head) => {
      const range = document.createRange();
      // The name; smaller words about the user stand on lines of their own.
      range.setStart(head, 0);
      const small = head.querySelector("small");
      if (small) range.setEndBefore(small); else range.setEnd(head, head.childNodes.length);
      const lines = new Set([...range.getClientRects()].filter((box) => box.width > 0).map((box) => Math.round(box.top)));
      return lines.size > 1;
    }).map((head) => head.textContent.trim());
  });
  assert.deepEqual(broken, []);
  const beyond = await page.evaluate(() =>
    Math.max(...[...document.querySelectorAll("#keys .scroll")].map((region) => region.scrollWidth - region.clientWidth)),
  );
  assert.ok(beyond <= 0, `with an address the table of keys is ${beyond} px too wide`);
});

await test("the policy is stated once, and a row names one only where it has its own", desk, async (page) => {
  assert.equal(await page.locator("#keys thead th", { hasText: "Policy" }).count(), 0);
  assert.match(await page.locator("#keys > p", { hasText: "Policy:" }).innerText(), /rotated after 90 days/);
  assert.equal(await page.locator("#keys .own").count(), 0);
});

await test("each check has a verdict of one word, which fits its figures", desk, async (page) => {
  const rows = await page.locator("#controls tbody tr").evaluateAll((all) =>
    all.map((row) => [row.cells[1].querySelector("strong").textContent, parseInt(row.cells[2].textContent, 10), parseInt(row.cells[3].textContent, 10)]),
  );
  assert.equal(rows.length, 7);
  for (const [verdict, passed, failed] of rows) {
    assert.equal(verdict, failed > 0 ? "Fail" : passed > 0 ? "Pass" : "Not assessed");
  }
  assert.ok(rows.some(([verdict]) => verdict === "Pass") && rows.some(([verdict]) => verdict === "Fail"));
});

await test("findings of one kind stand together, with what to do said once", desk, async (page) => {
  const groups = await page.locator("#findings article h3").allInnerTexts();
  assert.ok(groups.length >= 3 && groups.length <= 8, String(groups));
  assert.equal(await page.locator("#findings article", { hasText: "What to do:" }).count(), groups.length);
  assert.doesNotMatch(await page.locator("#findings").innerText(), /AKIA/, "a report names no key in full");
});

await test("a first report has no empty picture, and says when there will be a course", { ...desk, url: first }, async (page) => {
  const figures = page.locator("#overview figure");
  assert.equal(await figures.count(), 1);
  assert.ok((await figures.locator("svg .value").count()) > 0);
  assert.match(await page.locator("#overview .note").innerText(), /first report/);
});

await test("it is all there without JavaScript", { ...desk, javaScriptEnabled: false }, async (page) => {
  assert.ok((await page.locator("#keys tbody tr").count()) > 290);
  assert.equal(await page.locator("button, input").count(), 0);
  await page.locator("#history details.fold > summary").click();
  assert.ok(await page.locator("#history tbody tr").first().isVisible());
});

for (const [name, options] of [["tablet", tablet], ["phone", phone]]) {
  await test(`nothing stands beyond the edge of a ${name}'s screen, folded or not`, options, async (page) => {
    const width = () => page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok((await width()) <= options.viewport.width, `${await width()}`);
    await unfold(page);
    assert.ok((await width()) <= options.viewport.width, `${await width()} unfolded`);
  });
}

await test("on a phone the user stays in sight while a row is moved", phone, async (page) => {
  await unfold(page);
  for (const table of ["#keys", "#history", "#controls"]) {
    const [before, after, moved] = await page.locator(`${table} .scroll`).first().evaluate((region) => {
      const name = region.querySelector("tbody th");
      const left = () => Math.round(name.getBoundingClientRect().left);
      const before = left();
      region.scrollLeft = 200;
      return [before, left(), region.scrollLeft];
    });
    assert.ok(moved > 100 && before === after, `${table}: ${before} to ${after}, moved by ${moved}`);
  }
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
  const hidden = await page.locator("#keys tbody tr, #history tbody tr").evaluateAll((rows) =>
    rows.filter((row) => row.getBoundingClientRect().height === 0).length,
  );
  assert.equal(hidden, 0, "paper shows what the screen folds");
});

await browser.close();
