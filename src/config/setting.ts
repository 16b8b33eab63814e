/**
 * What a setting is: its names, what it is for, how its text becomes a value.
 *
 * Used by the lists of settings, which `config.ts` reads. It never reads the environment itself.
 */
export interface Setting<Value> {
  env: string;
  /** Looked at when `env` is not set. */
  fallbackEnv?: string;
  /** The command line's name for it; secrets have none. */
  flag?: string;
  isSecret?: boolean;
  /** It restricts changes: where it may not be read, no change is made, since it might be set. */
  isGuard?: boolean;
  about: string;
  /** What a valid value is, as the end of the sentence "..., wanted". */
  wanted: string;
  /** Undefined when the text is not a valid value. */
  read(text: string): Value | undefined;
  default?: Value;
}

export const setting = <Value>(definition: Setting<Value>) => definition;

/** A setting that always has a value. */
export const preset = <Value>(definition: Setting<Value> & { default: Value }) => definition;

// The ways in which several settings read their text.

export const matching = (pattern: RegExp) => (text: string) => pattern.test(text) ? text : undefined;

export const truth = (text: string) => text === "true" ? true : text === "false" ? false : undefined;

export const wholeNumber = (least: number, most: number) => (text: string) => {
  const value = Number(text);
  return /^\d{1,7}$/.test(text) && value >= least && value <= most ? value : undefined;
};
