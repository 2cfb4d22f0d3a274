// Chromium, out of an npm package, with the libraries and fonts that it comes with.
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const unpacked = fileURLToPath(new URL("../../target/browser", import.meta.url));
mkdirSync(unpacked, { recursive: true });
// The package unpacks itself into the folder for temporary files, and its libraries only where it
// believes to be in Lambda, whose base image has none either.
process.env.TMPDIR = unpacked;
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
