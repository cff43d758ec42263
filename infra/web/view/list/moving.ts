/** Up, down, Home and End move through the rows of a list. */
export function moveFocus(event: KeyboardEvent): void {
  const { key, currentTarget } = event
  if (!(currentTarget instanceof HTMLElement)) return
  const rows = [...currentTarget.querySelectorAll<HTMLElement>('button.row')]
  const at = rows.findIndex((row) => row === document.activeElement)
  const target = { ArrowDown: rows[at + 1], ArrowUp: rows[at - 1], Home: rows[0], End: rows.at(-1) }[key]
  if (target === undefined) return
  event.preventDefault()
  target.focus()
}
