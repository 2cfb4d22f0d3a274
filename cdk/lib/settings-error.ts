/** A combination of props that cannot work. The message names the prop and the remedy; synthesis ends. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}
