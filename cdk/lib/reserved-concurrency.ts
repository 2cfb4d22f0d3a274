/** How many sweeps may run at once. */
export class ReservedConcurrency {
  /** Nothing is reserved. An account whose whole quota is 10, as new ones have, can reserve nothing. */
  static readonly NONE = new ReservedConcurrency();

  /** This many, reserved from the account's concurrency. */
  static of(count: number): ReservedConcurrency {
    return new ReservedConcurrency(count);
  }

  private constructor(private readonly count?: number) {}

  /** @internal */
  get _count(): number | undefined {
    return this.count;
  }
}
