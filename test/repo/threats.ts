/** One line of the threat model's table. */
export interface Threat {
  readonly entry: string
  readonly kind: string
  readonly file: string
  readonly title: string
}

/** The lines of the table whose last cell names a test: `` `file`: title ``. */
export function threatsIn(markdown: string): Threat[] {
  const rows = markdown.split('\n').filter((line) => line.startsWith('|'))
  return rows.slice(2).map((row) => {
    const [entry = '', kind = '', , , test = ''] = row.split('|').slice(1, -1)
    const [, file = '', title = ''] = /^\s*`([^`]+)`: (.+?)\s*$/.exec(test) ?? []
    return { entry: entry.trim(), kind: kind.trim(), file, title }
  })
}

/** Whether a test file has a test, or a case of one, with this title: a text of its own, in quotation marks. */
export function hasTitle(text: string, title: string): boolean {
  return ["'", '"', '`'].some((mark) => text.includes(`${mark}${title}${mark}`))
}
