/** A row for each alarm, a column for each story: `on` where it was on at the end of any minute. */
export function alarmTable(alarms: readonly string[], stories: ReadonlyMap<string, ReadonlySet<string>>): string {
  const heads = [...stories.keys()]
  const wide = Math.max(...alarms.map((name) => name.length), 0) + 2
  const row = (name: string, cells: readonly string[]) =>
    [name.padEnd(wide), ...cells.map((cell, index) => cell.padEnd((heads[index]?.length ?? 0) + 2))].join('').trimEnd()
  const rows = alarms.map((alarm) =>
    row(
      alarm,
      heads.map((story) => (stories.get(story)?.has(alarm) ? 'on' : '-')),
    ),
  )
  return [row('alarm', heads), ...rows].join('\n')
}
