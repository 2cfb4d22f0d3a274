import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { ITopic } from 'aws-cdk-lib/aws-sns';

/** Alerts go to one topic. */
export function publishAlerts(topic: ITopic, keyArn: string | undefined): PolicyStatement[] {
  const statements = [
    new PolicyStatement({ sid: 'PublishAlerts', actions: ['sns:Publish'], resources: [topic.topicArn] }),
  ];
  if (keyArn !== undefined) {
    statements.push(
      new PolicyStatement({
        sid: 'EncryptAlerts',
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: [keyArn],
        conditions: { StringLike: { 'kms:ViaService': 'sns.*.amazonaws.com' } },
      }),
    );
  }
  return statements;
}

/**
 * Mails go out as one sender, whatever configuration set they go through. An identity may have a default one, and SES
 * then authorizes SendEmail against that set as well:
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsimpleemailservicev2.html
 */
export function sendMails(
  sender: string,
  identityArns: readonly string[],
  configurationSetArns: string,
  templateArn?: string,
): PolicyStatement {
  return new PolicyStatement({
    sid: 'SendMails',
    // SES asks for the second one when a template is used.
    actions: templateArn === undefined ? ['ses:SendEmail'] : ['ses:SendEmail', 'ses:SendTemplatedEmail'],
    resources: [...identityArns, configurationSetArns, ...(templateArn === undefined ? [] : [templateArn])],
    conditions: { StringEquals: { 'ses:FromAddress': sender } },
  });
}
