import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Annotations } from 'aws-cdk-lib';
import { Architecture, Code } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { Program } from './environment';

/** The folder with this package's `package.json`: the sources lie one level below it, the compiled files two. */
export const PACKAGE_ROOT = findRoot(__dirname);
/** Where `make package` puts the zips, and where a package of this library has them. */
const PACKAGED = [join(PACKAGE_ROOT, '..', 'target', 'lambda'), join(PACKAGE_ROOT, 'lambda')];

/** The zip that `make package` makes for a program. By its name: another copy of aws-cdk-lib has other objects. */
function zipName(architecture: Architecture): string {
  return architecture.name === Architecture.ARM_64.name ? 'bootstrap-arm64.zip' : 'bootstrap.zip';
}

/**
 * The code of a function: what `make package` made, or else a placeholder, so that synthesis needs no Rust. A stack
 * with the placeholder deploys, but its functions only say that they were not packaged; a warning says so.
 */
export function packagedCode(scope: Construct, program: Program, architecture: Architecture, folders = PACKAGED): Code {
  const zip = folders.map((folder) => join(folder, program, zipName(architecture))).find((path) => existsSync(path));
  if (zip !== undefined) {
    return Code.fromAsset(zip);
  }
  Annotations.of(scope).addWarningV2(
    'iam-key-rotator:notPackaged',
    `The ${program} function was not packaged for ${architecture.name}, so a placeholder takes its place: this stack ` +
      'cannot rotate anything until `make package` has run and the stack is deployed again.',
  );
  return placeholderCode();
}

/** A function that only says that it was not packaged. */
export function placeholderCode(): Code {
  return Code.fromAsset(join(PACKAGE_ROOT, 'placeholder-run-make-package-first'));
}

function findRoot(from: string): string {
  return existsSync(join(from, 'package.json')) ? from : findRoot(dirname(from));
}
