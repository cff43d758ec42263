/**
 * Letters with a capital in Unicode that Windows leaves as they are, each in one of its UTF-16 units: `ı`, `µ`, `ſ`; letters that
 * share their capital with another; and those whose capital came after Unicode 5.1, Georgian and Cherokee among them.
 *
 * Derived: the table of Windows 7 and later (an NTFS volume's $UpCase, as mkntfs of ntfs-3g 2022.10.3 writes it: [MS-UCODEREF]
 * 3.1.5.3 describes the same) against the simple capitals of Unicode 17. Windows 2000 to 2003, and Samba, have an older table (of
 * Unicode 3), in which some 330 more stay; of those in names, `ș` and `ț`. A domain controller of today decides, so its table is
 * what counts; whom an older one refuses signs in by forms.
 */
const STAYS =
  '\u00B5\u0131\u017F\u019B\u01C5\u01C8\u01CB\u01F2\u023F\u0240\u0252\u025C\u0261\u0264-\u0266\u026A' +
  '\u026C\u0282\u0287\u029D\u029E\u0345\u03C2\u03D0\u03D1\u03D5\u03D6\u03F0\u03F1\u03F3\u03F5\u0525' +
  '\u0527\u0529\u052B\u052D\u052F\u10D0-\u10FA\u10FD-\u10FF\u13F8-\u13FD\u1C80-\u1C88\u1C8A\u1D8E\u1E9B' +
  '\u1FBE\u2C5F\u2CEC\u2CEE\u2CF3\u2D27\u2D2D\uA661\uA699\uA69B\uA791\uA793\uA794\uA797\uA799\uA79B' +
  '\uA79D\uA79F\uA7A1\uA7A3\uA7A5\uA7A7\uA7A9\uA7B5\uA7B7\uA7B9\uA7BB\uA7BD\uA7BF\uA7C1\uA7C3\uA7C8' +
  '\uA7CA\uA7CD\uA7CF\uA7D1\uA7D3\uA7D5\uA7D7\uA7D9\uA7DB\uA7F6\uAB53\uAB70-\uABBF'

const STAYING = new RegExp(`[${STAYS}]`)

/** Greek letters with an iota below: their simple capital is one unit, where JavaScript has the full mapping, of two. */
const IOTA_BELOW: readonly { readonly letters: RegExp; readonly to: number }[] = [
  { letters: /[\u1F80-\u1F87\u1F90-\u1F97\u1FA0-\u1FA7]/, to: 8 },
  { letters: /[\u1FB3\u1FC3\u1FF3]/, to: 9 },
]

/** Upper case as Windows has it for names (RtlUpcaseUnicodeString): unit by unit, so `ß` and surrogates stay. */
export function windowsUpperCase(name: string): string {
  return name.replaceAll(/[^]/g, capital)
}

function capital(unit: string): string {
  if (STAYING.test(unit)) return unit
  const iota = IOTA_BELOW.find(({ letters }) => letters.test(unit))
  if (iota !== undefined) return String.fromCharCode(unit.charCodeAt(0) + iota.to)
  const upper = unit.toUpperCase()
  return upper.length === 1 ? upper : unit
}
