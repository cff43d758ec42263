/** The first cell, in code quotes, of each row of the table under a heading. */
export function tableUnder(heading: string, markdown: string): string[] {
  const section = markdown.split(/^## /m).find((each) => each.startsWith(heading)) ?? ''
  return [...section.matchAll(/^\| `([^`]+)` \|/gm)].map(([, cell = '']) => cell)
}

/** What a source says happened: the first argument of its calls of log, failure and debug. */
export function happeningsIn(text: string): string[] {
  return [...text.matchAll(/\b(?:log|failure|debug)\(\s*'([^']+)'/g)].map(([, what = '']) => what)
}
