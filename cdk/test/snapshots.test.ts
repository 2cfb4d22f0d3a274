import { CONFIGURATIONS } from './configurations';
import { masked, templatesOf } from './templates';

// To accept a change: npx jest -u, and read what it changed.
test.each(Object.keys(CONFIGURATIONS))('%s synthesizes to what was reviewed', (name) => {
  for (const [stack, template] of templatesOf(name)) {
    expect(masked(template)).toMatchSnapshot(stack);
  }
});
