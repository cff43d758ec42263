const NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/
const LABEL = String.raw`[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"`
const SAMPLE = new RegExp(`^(${NAME.source})\\{((?:${LABEL}(?:,${LABEL})*)?)\\} (NaN|[-+]?[0-9.eE+-]+)$`)

/**
 * Reads Prometheus' text format, version 0.0.4, and is strict about it: each family has its TYPE before its samples, all of them
 * together, no sample comes twice, counters end in `_total`, and the last line ends.
 * https://prometheus.io/docs/instrumenting/exposition_formats/#text-format-details
 *
 * @returns types by family, and values by name and sorted labels; throws an Error that says which line is wrong
 */
export function samplesIn(text: string) {
  if (!text.endsWith('\n')) throw new Error('the last line does not end')
  const types: Record<string, string> = {}
  const samples: Record<string, number> = {}
  let family = ''
  for (const line of text.slice(0, -1).split('\n')) {
    const [, typed = '', type = ''] = /^# TYPE (\S+) (counter|gauge|summary|histogram|untyped)$/.exec(line) ?? []
    if (typed !== '') {
      if (typed in types) throw new Error(`a second TYPE: ${line}`)
      if ((type === 'counter') !== typed.endsWith('_total')) throw new Error(`a counter's name ends in _total: ${line}`)
      types[typed] = type
      family = typed
    }
    if (line.startsWith('#')) continue
    const [, name = '', labels = '', value = ''] = SAMPLE.exec(line) ?? []
    const isOfFamily = name === family || (types[family] === 'summary' && /_(sum|count)$/.test(name))
    if (name === '' || !name.startsWith(family) || !isOfFamily) throw new Error(`no sample of ${family}: ${line}`)
    const sorted = [...labels.matchAll(new RegExp(LABEL, 'g'))].map(([label]) => label).toSorted()
    const key = `${name}{${sorted.join(',')}}`
    if (key in samples) throw new Error(`twice: ${line}`)
    samples[key] = Number(value)
  }
  return { types, samples }
}
