// The README's picture of the report: node picture.mjs REPORT PNG
import { pathToFileURL } from "node:url";
import { launch } from "./browser.mjs";

const [report, png] = process.argv.slice(2);
const browser = await launch();
const page = await browser.newPage({ viewport: { width: 1180, height: 770 }, colorScheme: "light" });
await page.goto(pathToFileURL(report).href);
await page.screenshot({ path: png });
await browser.close();
