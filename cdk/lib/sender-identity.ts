import type { IEmailIdentity } from 'aws-cdk-lib/aws-ses';

/** The SES identity that mails are sent as. */
export class SenderIdentity {
  /** SES verifies the sender's address for this stack: the owner of the address clicks a link. */
  static readonly VERIFY_SENDER = new SenderIdentity();

  /** An identity that is verified already: an address, or its domain. */
  static fromName(name: string): SenderIdentity {
    return new SenderIdentity(name);
  }

  /** An identity of this app, or an imported one. */
  static fromEmailIdentity(identity: IEmailIdentity): SenderIdentity {
    return new SenderIdentity(identity.emailIdentityName, true);
  }

  private constructor(
    private readonly name?: string,
    private readonly isConstruct = false,
  ) {}

  /**
   * The identity's name. Undefined for one that this stack has verified.
   *
   * @internal
   */
  get _name(): string | undefined {
    return this.name;
  }

  /**
   * Whether the name is known to cover the sender, as that of a construct is not.
   *
   * @internal
   */
  get _isWritten(): boolean {
    return !this.isConstruct;
  }
}
