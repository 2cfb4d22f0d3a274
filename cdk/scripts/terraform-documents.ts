/** Writes the documents of the Terraform module. A test fails when they no longer are what synthesis says. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PACKAGE_ROOT } from '../lib/code';
import { documents } from './terraform/documents';

/** Where the module is. */
export const MODULE = join(PACKAGE_ROOT, 'terraform');

if (require.main === module) {
  for (const [path, text] of documents()) {
    mkdirSync(dirname(join(MODULE, path)), { recursive: true });
    writeFileSync(join(MODULE, path), text);
  }
}
