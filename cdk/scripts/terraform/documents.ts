/** The documents of the Terraform module: policies, alarms, the dashboard, the state machine. Each is taken from synthesis. */
import { ENV } from '../../test/configurations';
import type { Json } from '../../test/templates';
import type { Named } from './placeholders';
import { templateText, textWithPlaceholders, wholeValue, withPlaceholders } from './placeholders';
import type { Source } from './sources';
import { outputOf, propertyOf, resourcesOf } from './sources';

type JsonObject = Record<string, Json>;

/** What the examples' templates have in the place of a reference. */
const PLACE: Named = { 'arn:aws:': 'arn:${partition}:', [ENV.region]: '${region}', [ENV.account]: '${account}' };
const UNDER_PATH: Named = { 'user/service/': 'user${user_path}' };
const MEMBERS: Named = { 'iam-key-rotator-example': '${member_external_id}', 'role/iam-key-rotator-': 'role/${member_role}-' };
const UNIT: Named = { 'ou-ab12': '${unit_root}' };
const EXEMPT_GROUP: Named = { IAMKeyRotationExemptionGroup: '${exempt_group}' };
const SENDER: Named = { 'keys@example.com': '${email_from}', 'identity/example.com': 'identity/${email_identity}' };
/** The secrets of the configuration that lists some. */
const LISTED = ['ci', 'smtp/relay'];

/** Every file, by its path in the module, as its text. */
export function documents(): Map<string, string> {
  const all = { ...rotator(), ...organization(), ...forwarder(), ...exposedForwarder(), ...rotatedKey(), ...member() };
  return new Map(Object.entries(all).map(([path, document]) => [path, `${templateText(document)}\n`]));
}

/** The stack of one account. */
function rotator(): Record<string, Json> {
  return inFolder('documents', {
    topic: taken('released', 'AWS::SNS::TopicPolicy', 'RotatorAlertsTopicPolicy'),
    'lambda-trust': trust('released', 'RotatorRotationRole'),
    'rotation-boundary': boundary('released', 'RotatorRotationBoundary'),
    'rotation-execution': policy('released', 'RotatorRotationExecutionPolicy'),
    'rotation-execution-vpc': policy('network', 'RotatorRotationExecutionPolicy'),
    'rotation-vpc': policy('network', 'RotatorRotationNetworkPolicy'),
    'rotation-tagged': policy('released', 'RotatorRotationRotationPolicy'),
    'rotation-under-path': policy('everything', 'RotatorRotationRotationPolicy', UNDER_PATH),
    'rotation-everyone': policy('everyone', 'RotatorRotationRotationPolicy'),
    'rotation-secrets-key': policy('everything', 'RotatorRotationKey1Policy'),
    'sweep-secrets-key': policy('everything', 'RotatorSweepKey2Policy'),
    'sweep-boundary': boundary('released', 'RotatorSweepBoundary'),
    'sweep-execution': policy('released', 'RotatorSweepExecutionPolicy'),
    'sweep-execution-vpc': policy('network', 'RotatorSweepExecutionPolicy'),
    'sweep-vpc': policy('network', 'RotatorSweepNetworkPolicy'),
    'sweep-dead-letters': policy('released', 'RotatorSweepDeadLettersPolicy'),
    'sweep-audit': policy('released', 'RotatorSweepAuditPolicy'),
    'sweep-audit-listed': withLists(policy('released', 'RotatorSweepAuditPolicy'), policy('listed', 'RotatorSweepAuditPolicy')),
    'sweep-retire-tagged': policy('released', 'RotatorSweepRetirePolicy'),
    'sweep-retire-under-path': policy('everything', 'RotatorSweepRetirePolicy', UNDER_PATH),
    'sweep-retire-everyone': policy('everyone', 'RotatorSweepRetirePolicy'),
    'sweep-enforce': policy('released', 'RotatorSweepEnforcePolicy'),
    'sweep-enforce-listed': withLists(policy('released', 'RotatorSweepEnforcePolicy'), policy('listed', 'RotatorSweepEnforcePolicy')),
    'sweep-create': policy('released', 'RotatorSweepCreatePolicy'),
    'sweep-replicas': policy('released', 'RotatorSweepReplicasPolicy'),
    alerts: policy('released', 'RotatorRotationAlertsPolicy'),
    'alerts-encrypted': policy('everything', 'RotatorRotationAlertsPolicy'),
    mails: policy('listed', 'RotatorRotationMailsPolicy', SENDER),
    'mails-template': policy('released', 'RotatorRotationMailsPolicy'),
    tracing: policy('everything', 'RotatorRotationRoleDefaultPolicy'),
    'dead-letters-queue': taken('released', 'AWS::SQS::QueuePolicy', 'RotatorSweepDeadLettersPolicy'),
    'scheduler-trust': trust('released', 'SchedulerRoleForTarget784cd9'),
    'scheduler-sweep': policy('released', 'SchedulerRoleForTarget784cd9DefaultPolicy'),
    'events-trust': trust('released', 'RotatorKeyCreationRole'),
    'undelivered-queue': taken('released', 'AWS::SQS::QueuePolicy', 'RotatorKeyCreationUndeliveredPolicy'),
    'dead-letters-queue-exposed': taken('exposed', 'AWS::SQS::QueuePolicy', 'RotatorSweepDeadLettersPolicy'),
    'exposed-health': taken('exposed', 'AWS::Events::Rule', 'RotatorExposedKeysHealth', 'EventPattern'),
    'exposed-guardduty': taken('exposed', 'AWS::Events::Rule', 'RotatorExposedKeysGuardDuty', 'EventPattern'),
    'key-creation': keyCreation(),
    'key-creation-message': message(),
    alarms: alarms('released', () => true),
    dashboard: dashboard(),
    'tag-guard-tagged': tagGuard('organization', { 'iam-key-rotator:exempt': '${exempt_tag}' }),
    'tag-guard-under-path': tagGuard('everything', { 'user/service/': 'user${user_path}', exempt: '${exempt_tag}' }),
    'tag-guard-everyone': tagGuard('everyone', {}),
  });
}

/** What an organization adds. */
function organization(): Record<string, Json> {
  return inFolder('documents', {
    'rotation-members': policy('organization', 'RotatorRotationMembersPolicy', MEMBERS),
    'sweep-members': policy('organization', 'RotatorSweepMembersPolicy', MEMBERS),
    'sweep-accounts': policy('members', 'RotatorSweepOrganizationPolicy'),
    'sweep-accounts-of-unit': policy('organization', 'RotatorSweepOrganizationPolicy', UNIT),
    'state-machine': stateMachine(),
    'state-machine-trust': trust('organization', 'OrganizationStateMachineRole'),
    'state-machine-run': policy('organization', 'OrganizationStateMachineRoleDefaultPolicy'),
    'state-machine-map': policy('organization', 'OrganizationStateMachineDistributedMapPolicy'),
    'scheduler-organization': policy('organization', 'SchedulerRoleForTarget5d396bDefaultPolicy'),
    'organization-alarms': organizationAlarms(),
  });
}

/** IAM's events, sent from IAM's region. */
function forwarder(): Record<string, Json> {
  const there = { [`events:${ENV.region}`]: 'events:${rotator_region}' };
  return inFolder('modules/key-creation-forwarder/documents', {
    'key-creation': taken('forwarder', 'AWS::Events::Rule', 'ForwarderRule', 'EventPattern'),
    'events-trust': trust('forwarder', 'ForwarderRuleEventsRole'),
    forward: policy('forwarder', 'ForwarderRuleEventsRoleDefaultPolicy', there),
  });
}

/** Reports of exposed keys, sent from the regions where they arrive. */
function exposedForwarder(): Record<string, Json> {
  const there = { [`events:${ENV.region}`]: 'events:${rotator_region}' };
  return inFolder('modules/exposed-key-forwarder/documents', {
    health: taken('exposedForwarder', 'AWS::Events::Rule', 'ForwarderHealth', 'EventPattern'),
    guardduty: taken('exposedForwarder', 'AWS::Events::Rule', 'ForwarderGuardDuty', 'EventPattern'),
    'events-trust': trust('exposedForwarder', 'ForwarderRole'),
    forward: policy('exposedForwarder', 'ForwarderRoleDefaultPolicy', there),
  });
}

/** One user's secret. */
function rotatedKey(): Record<string, Json> {
  const open = taken('least', 'AWS::SecretsManager::ResourcePolicy', 'KeycibotSecretPolicy', 'ResourcePolicy');
  const closed = taken('least', 'AWS::SecretsManager::ResourcePolicy', 'KeysmtpSecretPolicy', 'ResourcePolicy');
  const readers = (document: Json): Json =>
    changed(document, 'TheUserItself', (statement) => ({ ...statement, Principal: { AWS: wholeValue('reader_arns') } }));
  const others = changed(readers(closed), 'NobodyElse', (statement) => ({
    ...statement,
    Condition: { ArnNotEquals: { 'aws:PrincipalArn': wholeValue('concat(reader_arns, [rotation_role_arn])') } },
  }));
  return inFolder('modules/rotated-key/documents', {
    secret: readers(open),
    'secret-refuse-others': others,
    'secrets-key': policy('everything', 'RotatorRotationKey3Policy'),
  });
}

/** A member account: what the functions' own policies say of users, without what they say of secrets. */
function member(): Record<string, Json> {
  const scopes = [
    ['tagged', 'released', {}],
    ['under-path', 'everything', UNDER_PATH],
    ['everyone', 'everyone', {}],
  ] as const;
  const ofUsers = (id: string, memberId: string) =>
    scopes.map(([scope, source, named]): [string, Json] => {
      const example = policy(source === 'everyone' ? 'everyoneMember' : 'releasedMember', memberId);
      return [scope, selected(policy(source, id, named), statementsOf(example).map(({ Sid }) => Sid as string))];
    });
  const named = (prefix: string, each: [string, Json][]) => Object.fromEntries(each.map(([scope, document]) => [`${prefix}-${scope}`, document]));
  return inFolder('modules/member-account/documents', {
    'rotation-boundary': boundary('releasedMember', 'MemberRotationBoundary'),
    'rotation-trust': trust('releasedMember', 'MemberRotation'),
    ...named('rotation', ofUsers('RotatorRotationRotationPolicy', 'MemberRotationPolicy')),
    'sweep-boundary': boundary('releasedMember', 'MemberSweepBoundary'),
    'sweep-trust': trust('releasedMember', 'MemberSweep'),
    'sweep-audit': policy('releasedMember', 'MemberSweepPolicy', EXEMPT_GROUP),
    ...named('sweep-retire', ofUsers('RotatorSweepRetirePolicy', 'MemberSweepRetirePolicy')),
  });
}

function inFolder(folder: string, files: Record<string, Json>): Record<string, Json> {
  return Object.fromEntries(Object.entries(files).map(([name, document]) => [`${folder}/${name}.json.tftpl`, document]));
}

function taken(source: Source, type: string, id: string, property = 'PolicyDocument', named: Named = {}): Json {
  return withPlaceholders(propertyOf(source, type, id, property), { ...named, ...PLACE });
}

function policy(source: Source, id: string, named: Named = {}): Json {
  return taken(source, 'AWS::IAM::Policy', id, 'PolicyDocument', named);
}

function boundary(source: Source, id: string): Json {
  return taken(source, 'AWS::IAM::ManagedPolicy', id);
}

function trust(source: Source, id: string): Json {
  return taken(source, 'AWS::IAM::Role', id, 'AssumeRolePolicyDocument');
}

function statementsOf(document: Json): JsonObject[] {
  return (document as { Statement: JsonObject[] }).Statement;
}

function changed(document: Json, sid: string, change: (statement: JsonObject) => JsonObject): Json {
  return { ...(document as JsonObject), Statement: statementsOf(document).map((each) => (each['Sid'] === sid ? change(each) : each)) };
}

function selected(document: Json, sids: readonly string[]): Json {
  return { ...(document as JsonObject), Statement: sids.map((sid) => found(statementsOf(document), sid)) };
}

function found(statements: readonly JsonObject[], sid: string): JsonObject {
  const statement = statements.find(({ Sid }) => Sid === sid);
  if (!statement) {
    throw new Error(`no statement ${sid}`);
  }
  return statement;
}

/** A policy of the released template, and the statements that a list of secrets adds to it in their places. */
function withLists(released: Json, listed: Json): Json {
  const statements = statementsOf(listed).map((each): JsonObject => {
    const own = statementsOf(released).find(({ Sid }) => Sid === each['Sid']);
    return own ?? { ...each, Resource: eachListed(each['Resource']) };
  });
  return { ...(released as JsonObject), Statement: statements };
}

/** ARNs that differ in the name of a listed secret alone, as one expression. */
function eachListed(resources: Json | undefined): string {
  const patterns = (resources as string[]).map((arn, index) => templateText(arn.replace(LISTED[index] ?? '', '\${name}')));
  const [pattern = '', ...others] = patterns;
  if (patterns.length !== LISTED.length || others.some((each) => each !== pattern)) {
    throw new Error(`not an ARN for each of ${LISTED.join(', ')}: ${JSON.stringify(resources)}`);
  }
  return wholeValue(`[for name in listed : ${pattern.replaceAll('$${', '${')}]`);
}

/** The roles that make keys by right are a list: the rotation function's, and those of other rotators. */
function keyCreation(): Json {
  const pattern = taken('released', 'AWS::Events::Rule', 'RotatorKeyCreationRule', 'EventPattern');
  const text = JSON.stringify(pattern);
  const role = JSON.stringify([withPlaceholders({ 'Fn::GetAtt': ['RotatorRotationRole', 'Arn'] })]);
  if (text.split(role).length !== 2) {
    throw new Error(`the pattern does not name the rotation function's role once: ${text}`);
  }
  return JSON.parse(text.replace(role, JSON.stringify(wholeValue('key_creators')))) as Json;
}

function message(): Json {
  const [target] = propertyOf('released', 'AWS::Events::Rule', 'RotatorKeyCreationRule', 'Targets') as JsonObject[];
  return target?.['InputTransformer'] ?? null;
}

/** The properties of alarms, and the names that the runbook has, without the topic that they tell. */
function alarms(source: Source, wanted: (name: string) => boolean): JsonObject[] {
  return [...resourcesOf(source, 'AWS::CloudWatch::Alarm')]
    .map(([id, properties]): [string, Record<string, Json>] => [id.replace('RotatorAlarms', ''), properties])
    .filter(([name]) => wanted(name))
    .map(([Name, properties]) => {
      const kept = Object.entries(properties).filter(([property]) => !['AlarmActions', 'OKActions'].includes(property));
      return { Name, ...(withPlaceholders(Object.fromEntries(kept), PLACE) as JsonObject) };
    });
}

/** How long the organization's alarm waits depends on the schedule. */
function organizationAlarms(): Json {
  const hours = 15;
  const text = `for ${String(hours)} hours`;
  return alarms('organization', (name) => name.startsWith('Organization')).map((alarm) => {
    if (alarm['Name'] !== 'OrganizationSweepMissing') {
      return alarm;
    }
    const description = textWithPlaceholders(alarm['AlarmDescription'], { [text]: 'for ${organization_hours} hours' });
    if (alarm['EvaluationPeriods'] !== hours || description === alarm['AlarmDescription']) {
      throw new Error(`the alarm no longer waits ${String(hours)} hours: ${JSON.stringify(alarm)}`);
    }
    return { ...alarm, AlarmDescription: description, EvaluationPeriods: wholeValue('organization_hours') };
  });
}

/** A document that the template has as text. */
function parsed(text: Json): Json {
  return JSON.parse(textWithPlaceholders(text, PLACE)) as Json;
}

/** The first widget shows the alarms that there are. */
function dashboard(): Json {
  const body = parsed([...resourcesOf('released', 'AWS::CloudWatch::Dashboard').values()][0]?.['DashboardBody'] ?? null);
  const { widgets } = body as { widgets: [{ properties: JsonObject }, ...JsonObject[]] };
  const [states, ...others] = widgets;
  return { ...(body as JsonObject), widgets: [{ ...states, properties: { ...states.properties, alarms: wholeValue('alarm_arns') } }, ...others] };
}

function tagGuard(source: Source, named: Named): Json {
  const document = withPlaceholders(parsed(outputOf(source, 'ServiceControlPolicy')), named);
  const others = { ArnNotEquals: { 'aws:PrincipalArn': wholeValue('enrollment_roles') } };
  const statements = statementsOf(document).map((each) => ({ ...each, Condition: { ...(each['Condition'] as JsonObject), ...others } }));
  return { ...(document as JsonObject), Statement: statements };
}

/** The state machine, for a unit, for some accounts or for all. */
function stateMachine(): Json {
  const definition = parsed(propertyOf('organization', 'AWS::StepFunctions::StateMachine', 'OrganizationStateMachine', 'DefinitionString'));
  const { States } = definition as { States: Record<string, JsonObject> };
  const { Inventory, EveryAccount } = States;
  const parameters = Inventory?.['Parameters'] as JsonObject;
  const { unit, ...asked } = parameters['Payload'] as JsonObject;
  if (unit === undefined || EveryAccount?.['MaxConcurrency'] === undefined) {
    throw new Error(`the state machine asks for no unit, or knows no limit: ${JSON.stringify(States)}`);
  }
  const Payload = wholeValue(`merge(${JSON.stringify(asked)}, selection)`);
  return {
    ...(definition as JsonObject),
    States: {
      ...States,
      Inventory: { ...Inventory, Parameters: { ...parameters, Payload } },
      EveryAccount: { ...EveryAccount, MaxConcurrency: wholeValue('max_concurrency') },
    },
  };
}
