import { CsvError, parse, type Options } from 'csv-parse/sync'

/** A record of a CSV file, and the line that it ends on. */
export interface CsvRecord {
  readonly line: number
  readonly fields: readonly string[]
}

/** What is between fields: RFC 4180's comma, or what spreadsheets write where the comma is in numbers. */
const DELIMITERS = [',', ';', '\t']

/**
 * The text of a file in UTF-8, with a byte order mark or without.
 *
 * @throws Error that says what the file is instead, and how to save it
 */
export function utf8In(bytes: Uint8Array): string {
  if (isUtf16(bytes))
    throw new Error('it is UTF-16, as some spreadsheets write "Unicode text": save it as CSV in UTF-8')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new Error('it is not UTF-8, and letters such as ü would be lost: save it as CSV in UTF-8')
  }
}

/** By its mark, or, without one, by the zeros that every other byte of ASCII is there. */
function isUtf16([first = 0, second = 0]: Uint8Array): boolean {
  return (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff) || (first === 0) !== (second === 0)
}

/**
 * Reads CSV as RFC 4180 has it: fields in quotation marks, or not, and lines that end with CRLF, LF or CR. Blanks around a
 * field do not count, nor do blank lines.
 *
 * @param heads in small letters: between fields is whatever makes the first record these
 * @throws Error that names the line
 */
export function csvRecords(text: string, heads: readonly string[]): CsvRecord[] {
  const isHeader = ({ fields }: CsvRecord) => fields.join('\n').toLowerCase() === heads.join('\n')
  const delimiter = DELIMITERS.find((each) => {
    const [first] = recordsIn(text, { delimiter: each, to: 1 })
    return first !== undefined && isHeader(first)
  })
  if (delimiter === undefined) throw new Error(`line 1: the header ${heads.join(',')} is accepted`)
  return recordsIn(text, { delimiter }).slice(1)
}

function recordsIn(text: string, { delimiter, to }: { readonly delimiter: string; readonly to?: number }): CsvRecord[] {
  const options: Options = {
    delimiter,
    ...(to !== undefined && { to }),
    record_delimiter: ['\r\n', '\n', '\r'],
    bom: true,
    trim: true,
    info: true,
    relax_column_count: true,
    skip_records_with_empty_values: true,
  }
  try {
    // With `info` each record comes beside where it was.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const found = parse(text, options) as unknown as { record: string[]; info: { lines: number } }[]
    return found.map(({ record, info }) => ({ line: info.lines, fields: record }))
  } catch (thrown) {
    if (!(thrown instanceof CsvError)) throw thrown
    throw new Error(`line ${String(thrown['lines'])}: ${WORDS[thrown.code] ?? thrown.message}`, { cause: thrown })
  }
}

const DOUBLED = 'a field with a quotation mark in it is in quotation marks, and has that one twice'
const WORDS: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'a quotation mark opens here or before, and none closes it',
  CSV_INVALID_CLOSING_QUOTE: DOUBLED,
  CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE: DOUBLED,
  INVALID_OPENING_QUOTE: DOUBLED,
}
