import { App, Stack, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { CONFIGURATIONS } from './configurations';
import { newApp } from './templates';

test.each(Object.keys(CONFIGURATIONS))('cdk-nag has no finding in %s that is not acknowledged with a reason', (name) => {
  const app = newApp();
  CONFIGURATIONS[name]?.(app);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  app.synth();
});

test('cdk-nag is asked in earnest: a topic without TLS ends synthesis', () => {
  const app = new App();
  new Topic(new Stack(app, 'Stack'), 'Topic');
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  expect(() => app.synth()).toThrow();
});
