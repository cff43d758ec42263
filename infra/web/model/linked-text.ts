/** A piece of a text: with `href`, an address that may be opened. */
export interface Piece {
  readonly text: string
  readonly href?: string
}

const ADDRESS = /\bhttps?:\/\/[^\s<>"'\p{C}]+/giu

/** What stands at an address's end, but belongs to the sentence around it. */
const TAIL = /[.,;:!?)\]}…]+$/u

/** Cuts a text at its web addresses. Only http and https are made links, and nothing is fetched of them. */
export function linkedText(text: string): readonly Piece[] {
  const pieces: Piece[] = []
  let from = 0
  for (const { 0: found, index } of text.matchAll(ADDRESS)) {
    const address = found.replace(TAIL, '')
    if (!URL.canParse(address)) continue
    if (index > from) pieces.push({ text: text.slice(from, index) })
    pieces.push({ text: address, href: address })
    from = index + address.length
  }
  if (from < text.length) pieces.push({ text: text.slice(from) })
  return pieces
}
