import type { Stack } from 'aws-cdk-lib';
import { Token } from 'aws-cdk-lib';
import type { PolicyStatementProps } from 'aws-cdk-lib/aws-iam';
import { DEFAULTS } from './settings';
import { SettingsError } from './settings-error';

const PATH = /^\/(?:[\x21-\x2e\x30-\x7e]+\/)*$/;
const DEFAULT_TAG = { key: 'iam-key-rotator:rotate', value: 'true' } as const;

/** Resource and conditions of a statement. */
type Scoped = Pick<PolicyStatementProps, 'resources' | 'conditions'>;

/** The tag that a user must carry to be in scope. */
export interface ScopeTag {
  readonly key: string;
  readonly value: string;
}

/** Whose access keys the functions may touch. IAM itself refuses every other user. */
export class UserScope {
  /**
   * Users that carry a tag. Whoever may tag users may thereby enroll them, so the tag's key belongs into the policies
   * that say who may tag.
   */
  static tagged(key: string = DEFAULT_TAG.key, value: string = DEFAULT_TAG.value, path = '/'): UserScope {
    return new UserScope(path, { StringEquals: { [`aws:ResourceTag/${key}`]: value } }, { key, value });
  }

  /** Users below a path, which only `iam:CreateUser` and `iam:UpdateUser` can set. */
  static underPath(path: string): UserScope {
    if (path === '/') {
      throw new SettingsError(
        'users is UserScope.underPath("/"), which is every user: name a path such as /service/, or say ' +
          'UserScope.everyoneNotExempt() if every user is meant.',
      );
    }
    return new UserScope(path, {});
  }

  /**
   * Every user of the account but those with the exempt tag. Their keys and tags are still readable: otherwise the
   * rotation function could not tell an exempt user from a denied one.
   */
  static everyoneNotExempt(exemptTag: string = DEFAULTS.exemptTag): UserScope {
    return new UserScope('/', { Null: { [`aws:ResourceTag/${exemptTag}`]: 'true' } }, undefined, exemptTag);
  }

  private constructor(
    /** The path that a user must be below. */
    readonly path: string,
    private readonly conditions: Record<string, Record<string, string>>,
    /** The tag a user must carry, if it is a tag that decides. */
    readonly tag?: ScopeTag,
    /** The tag a user must not carry. */
    readonly exemptTag?: string,
  ) {
    if (!Token.isUnresolved(path) && !PATH.test(path)) {
      throw new SettingsError(`users has the path ${JSON.stringify(path)}: a path begins and ends with a slash.`);
    }
  }

  /**
   * Resource and conditions of a statement about these users in the account of a stack.
   *
   * @internal
   */
  _statement(stack: Stack): Scoped {
    return { resources: [this.users(stack)], conditions: this.conditions };
  }

  /**
   * The same for reads, exempt users included, or undefined where `_statement` serves for reads too.
   *
   * @internal
   */
  _reads(stack: Stack): Scoped | undefined {
    return this.exemptTag === undefined ? undefined : { resources: [this.users(stack)] };
  }

  private users(stack: Stack): string {
    return `arn:${stack.partition}:iam::${stack.account}:user${this.path}*`;
  }
}
