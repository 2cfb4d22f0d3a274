import { Stack } from 'aws-cdk-lib';
import { EmailIdentity, Identity } from 'aws-cdk-lib/aws-ses';
import { Construct } from 'constructs';
import { addressOf } from './check';
import type { MailSettings } from './settings';

/** The SES identities that mails are sent as, and in the sandbox the ones they may be sent to. */
export class MailIdentities extends Construct {
  /** The sender's bare address. */
  readonly sender: string;
  /** Identities that the functions may send as, and to in the sandbox. */
  readonly identityArns: readonly string[];
  /** Every configuration set: which one is an identity's default is set in SES and may change. */
  readonly configurationSetArns: string;
  /** The template, if one is used. */
  readonly templateArn: string | undefined;

  constructor(scope: Construct, id: string, props: MailSettings) {
    super(scope, id);
    this.sender = addressOf(props.from);
    const recipients = (props.recipients ?? []).map((address) => this.verify(`Recipient-${address}`, address));
    this.identityArns = [this.sendingIdentity(props), ...recipients];
    this.configurationSetArns = this.arn('configuration-set', '*');
    this.templateArn = props.template === undefined ? undefined : this.arn('template', props.template);
  }

  private sendingIdentity({ identity }: MailSettings): string {
    const name = identity._name;
    return name === undefined ? this.verify('Sender', this.sender) : this.arn('identity', name);
  }

  /** SES writes to the address, and its holder confirms. */
  private verify(id: string, address: string): string {
    const made = new EmailIdentity(this, id, { identity: Identity.email(address) });
    return this.arn('identity', made.emailIdentityName);
  }

  private arn(resource: string, resourceName: string): string {
    return Stack.of(this).formatArn({ service: 'ses', resource, resourceName });
  }
}
