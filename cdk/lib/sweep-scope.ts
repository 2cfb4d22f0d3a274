/** Which users the sweep works on. */
export class SweepScope {
  /** Users that have a secret which rotates with the rotation function. */
  static readonly ENROLLED = new SweepScope('enrolled');
  /** Every user in scope whose key is due. */
  static readonly ALL = new SweepScope('all');

  /** The users of these secrets, named in full. */
  static secrets(names: string[]): SweepScope {
    // A list ends in `;`, which is how the sweep tells a single name from a misspelt word.
    return new SweepScope(`${names.join(';')};`, names);
  }

  /**
   * A word that only CloudFormation knows.
   *
   * @internal
   */
  static _parameter(text: string): SweepScope {
    return new SweepScope(text);
  }

  private constructor(
    private readonly text: string,
    private readonly names?: readonly string[],
  ) {}

  /**
   * The value of `ROTATOR_SCOPE`.
   *
   * @internal
   */
  get _text(): string {
    return this.text;
  }

  /**
   * The secrets that are named, if the scope is a list.
   *
   * @internal
   */
  get _secrets(): readonly string[] | undefined {
    return this.names;
  }
}
