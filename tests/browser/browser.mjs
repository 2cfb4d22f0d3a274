// Chromium, out of an npm package, with the libraries and fonts that it comes with.
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const unpacked = fileURLToPath(new URL("../../target/browser", import.meta.url));
mkdirSync(unpacked, { recursive: true });
// The package unpacks itself into the folder for temporary files, and its libraries only where it
// believes to be in Lambda, whose base image has none either.
process.env.TMPDIR = unpacked;
// Its own list of folders names /tmp/fonts, wherever it unpacked its fonts; Chromium without any font crashes.
const folders = [`${unpacked}/fonts`, "/usr/share/fonts"].map((folder) => `<dir>${folder}</dir>`).join("");
const fonts = `<?xml version="1.0"?><fontconfig>${folders}<cachedir>${unpacked}/font-cache</cachedir></fontconfig>`;
writeFileSync(`${unpacked}/fonts.conf`, fonts);
process.env.FONTCONFIG_PATH = unpacked;
process.env.AWS_EXECUTION_ENV ??= "AWS_Lambda_nodejs20.x";

const { default: packaged } = await import("@sparticuz/chromium");
const { chromium } = await import("playwright-core");

/** Starts the browser. It reaches no network: what a page would load is seen as an error. */
export async function launch() {
  const executablePath = await packaged.executablePath();
  const refused = ["--single-process", "--no-zygote"];
  const args = packaged.args.filter((arg) => !refused.includes(arg));
  return chromium.launch({ executablePath, args, headless: true });
}
