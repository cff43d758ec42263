import { invalid } from '../failure.ts'

/** A number as DynamoDB keeps it: sign, significant digits without zeros at either end, and the power of ten of the first. */
interface Decimal {
  readonly negative: boolean
  /** Empty for zero. */
  readonly digits: string
  readonly exponent: number
}

/** What has at most 15 digits and neither a point nor zeros in front is kept as it is, and is exact as a JavaScript number. */
const PLAIN = /^(?:0|-?[1-9]\d{0,14})$/
const NUMBER = /^(-?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html */
const MOST_DIGITS = 38
const HIGHEST_EXPONENT = 125
const LOWEST_EXPONENT = -130

/**
 * A number in the one form in which it is kept, compared and given back: without an exponent, and without zeros that say nothing.
 *
 * @throws ValidationException in AWS's words: no number, more than 38 digits, or too large or too small
 */
export function canonical(text: string): string {
  return PLAIN.test(text) ? text : written(checked(parsed(text)))
}

/** Below 0, 0 or above 0, for canonical numbers. */
export function compareNumbers(one: string, other: string): number {
  if (one === other) return 0
  if (PLAIN.test(one) && PLAIN.test(other)) return Number(one) - Number(other)
  const [first, second] = [parsed(one), parsed(other)]
  const [sign, otherSign] = [signOf(first), signOf(second)]
  if (sign !== otherSign) return sign - otherSign
  return sign * (first.exponent - second.exponent || (first.digits < second.digits ? -1 : 1))
}

/** The exact sum, or the difference; @throws as `canonical` does */
export function sum(one: string, operator: '+' | '-', other: string): string {
  const [first, second] = [parsed(one), parsed(other)]
  const scale = Math.min(lastExponent(first), lastExponent(second))
  const total =
    operator === '+' ? units(first, scale) + units(second, scale) : units(first, scale) - units(second, scale)
  return canonical(`${total}e${scale}`)
}

/** Bytes: two digits to a byte, counted in pairs from the decimal point, one more, and one for a minus. */
export function numberBytes(text: string): number {
  const { negative, digits, exponent } = parsed(text)
  if (digits === '') return 1
  const aligned = exponent % 2 === 0 ? digits.length + 1 : digits.length
  return 1 + Math.ceil(aligned / 2) + (negative ? 1 : 0)
}

function parsed(text: string): Decimal {
  const [, minus = '', whole = '', fraction = '', power = '0'] = NUMBER.exec(text) ?? []
  if (whole + fraction === '')
    throw invalid(`The parameter cannot be converted to a numeric value${text === '' ? '' : `: ${text}`}`)
  const all = whole + fraction
  const significant = all.replace(/^0+/, '')
  const digits = significant.replace(/0+$/, '')
  if (digits === '') return { negative: false, digits, exponent: 0 }
  const exponent = whole.length - 1 - (all.length - significant.length) + Number(power)
  return { negative: minus !== '', digits, exponent }
}

const magnitude = (way: string, size: string) =>
  invalid(`Number ${way}. Attempting to store a number with magnitude ${size} than supported range`)

function checked(decimal: Decimal): Decimal {
  const { digits, exponent } = decimal
  if (exponent > HIGHEST_EXPONENT) throw magnitude('overflow', 'larger')
  if (exponent < LOWEST_EXPONENT) throw magnitude('underflow', 'smaller')
  if (digits.length > MOST_DIGITS)
    throw invalid(`Attempting to store more than ${MOST_DIGITS} significant digits in a Number`)
  return decimal
}

function written({ negative, digits, exponent }: Decimal): string {
  if (digits === '') return '0'
  const sign = negative ? '-' : ''
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0')
  const fraction = digits.slice(exponent + 1)
  return `${sign}${whole}${fraction === '' ? '' : `.${fraction}`}`
}

const signOf = ({ negative, digits }: Decimal) => (digits === '' ? 0 : negative ? -1 : 1)

/** The power of ten of the last digit. */
const lastExponent = ({ digits, exponent }: Decimal) => (digits === '' ? 0 : exponent - digits.length + 1)

/** How often 10 to the power of `scale` is in it. */
function units(decimal: Decimal, scale: number): bigint {
  const { negative, digits } = decimal
  const size = BigInt(digits + '0'.repeat(lastExponent(decimal) - scale))
  return negative ? -size : size
}
