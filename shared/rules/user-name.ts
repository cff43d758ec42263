/** Most UTF-16 units of a user's name, a subject or a contact's name. */
export const NAME_CHARACTERS = 256

/*
 * Invisible letters: controls, formats (which turn the direction of a line, or join and part nothing that can be
 * seen), fillers, line ends and halves of characters. Two names that differ in them alone look the same on every screen,
 * in every log and every table.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800]/u

/** What is wrong with a user's name, wherever it comes from; undefined: nothing. The name itself is not part of it. */
export function wrongWithName(name: string): string | undefined {
  if (name.length > NAME_CHARACTERS) return `it has ${name.length} characters: at most ${NAME_CHARACTERS} are accepted`
  const [unseen] = UNSEEN.exec(name) ?? []
  if (unseen === undefined) return undefined
  const code = (unseen.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
  return `it holds U+${code}, an invisible letter: leave it out`
}
