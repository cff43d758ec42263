/** What people take for one character: a letter with its accents, a flag, a family (Unicode Annex 29). */
const CLUSTERS = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/** A character of more UTF-16 units than this is no character of any language: it is cut inside. */
const LONGEST_CLUSTER = 64

/**
 * The beginning of a text that fits, cut between two characters: an accent stays with its letter, and a family is whole
 * or not there at all.
 *
 * @param most in UTF-16 units, as `length` counts
 */
export function beginning(text: string, most: number): string {
  if (text.length <= most) return text
  // What goes far enough beyond the cut to see where its character ends; the whole text may be very long.
  const near = text.slice(0, most + LONGEST_CLUSTER)
  const at = CLUSTERS.segment(near).containing(most)?.index ?? most
  return near.slice(0, most - at > LONGEST_CLUSTER ? most : at).toWellFormed()
}
