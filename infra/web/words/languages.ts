import { de } from './de.ts'
import { en, type Words } from './en.ts'

/** The languages of the page, each by its own name. */
export const LANGUAGES: Readonly<Record<string, { readonly name: string; readonly words: Words }>> = {
  en: { name: 'English', words: en },
  de: { name: 'Deutsch', words: de },
}

export function wordsIn(language: string): Words {
  return LANGUAGES[language]?.words ?? en
}
