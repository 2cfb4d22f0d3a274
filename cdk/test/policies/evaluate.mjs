// Decides IAM requests with iam-simulate: a JSON list of simulations comes in, a list of verdicts goes out.
// A process of its own: iam-simulate is licensed under the AGPL, so nothing here links with it or ships it.
import { runSimulation } from '@cloud-copilot/iam-simulate';

let input = '';
for await (const chunk of process.stdin) {
  input += chunk;
}
const verdicts = [];
// iam-simulate does not know that this key's last part is free, and leaves it out of the request. Nothing here uses the
// key that takes its place, which is a string of the request as well.
const known = input.replaceAll('kms:EncryptionContext:SecretARN', 'kms:RequestAlias');
for (const simulation of JSON.parse(known)) {
  const verdict = await runSimulation(simulation, {});
  const analysis = verdict.result?.analysis;
  verdicts.push({
    result: verdict.overallResult ?? 'Invalid',
    by: (analysis?.identityAnalysis?.allowStatements ?? []).map(({ policyId, statement }) => `${policyId}/${JSON.parse(JSON.stringify(statement)).Sid}`),
    ignored: verdict.result?.ignoredContextKeys ?? [],
    ...(verdict.resultType === 'error' ? { invalid: verdict.errors ?? verdict } : {}),
  });
}
process.stdout.write(JSON.stringify(verdicts));
