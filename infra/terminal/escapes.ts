type Environment = Readonly<Record<string, string | undefined>>

/**
 * Whether a program may write escape sequences: to a terminal that knows them (TERM is not `dumb`), and not against its
 * user's wish (NO_COLOR, https://no-color.org). Where it may not, neither colours nor the cursor's moves are written: a
 * line is then printed once, below the last one.
 */
export function mayEscape(output: { readonly isTTY?: boolean }, environment: Environment): boolean {
  return output.isTTY === true && environment['TERM'] !== 'dumb' && !environment['NO_COLOR']
}
