import { Tags, Token } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { TAG_PREFIX } from './settings';
import { SettingsError } from './settings-error';

/** Puts tags on everything below a construct that takes tags. */
export function addTags(scope: IConstruct, tags: Readonly<Record<string, string>> = {}): void {
  for (const [key, value] of Object.entries(tags)) {
    if (!Token.isUnresolved(key) && key.toLowerCase().startsWith(TAG_PREFIX)) {
      throw new SettingsError(
        `tags has ${JSON.stringify(key)}: tags that begin with ${TAG_PREFIX} decide whose keys are rotated, and are set by ` +
          'enrollment alone. Choose another name.',
      );
    }
    Tags.of(scope).add(key, value);
  }
}
