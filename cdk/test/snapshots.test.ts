import { masked, templatesOf } from './templates';

// The least and everything: the others are checked by what they are for, and every policy is replayed in test/policies.
// To accept a change: npx jest -u, and read what it changed.
test.each(['least', 'everything'])('%s synthesizes to what was reviewed', (name) => {
  for (const [stack, template] of templatesOf(name)) {
    expect(masked(template)).toMatchSnapshot(stack);
  }
});
