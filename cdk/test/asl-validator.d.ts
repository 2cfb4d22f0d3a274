/** What is used of asl-validator, which comes without types. */
declare module 'asl-validator' {
  export default function validate(definition: Record<string, unknown>): { readonly errors: readonly unknown[] };
}
