/** The `###` headings under a `##` heading, each with its paragraph. */
export function paragraphsUnder(heading: string, markdown: string): ReadonlyMap<string, string> {
  const section = markdown.split(/^## /m).find((each) => each.startsWith(`${heading}\n`)) ?? ''
  const [, ...parts] = section.split(/^### /m)
  return new Map(
    parts.map((part) => {
      const [name = '', ...lines] = part.split('\n')
      return [name.trim(), lines.join('\n').trim()]
    }),
  )
}

/** The rows of the first table under a heading: their cells, without code quotes. */
export function rowsUnder(heading: string, markdown: string): readonly (readonly string[])[] {
  const section = markdown.split(/^## /m).find((each) => each.startsWith(`${heading}\n`)) ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('|'))
  return rows.slice(2).map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  )
}
