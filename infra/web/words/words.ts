import { computed, effect, signal } from '@preact/signals'
import { LANGUAGES, wordsIn } from './languages.ts'

const CHOICE = 'language'

/** The first language that the page has: what was chosen here, else what the browser asks for, else English. */
export function languageFor(chosen: string | null, wanted: readonly string[]): string {
  const asked = [chosen ?? '', ...wanted].map((tag) => tag.toLowerCase().split('-')[0] ?? '')
  return asked.find((tag) => Object.hasOwn(LANGUAGES, tag)) ?? 'en'
}

export const language = signal('en')
/** How times and dates are written: as in the user's own region, where that speaks the page's language. */
export const region = computed(
  () => navigator.languages.find((tag) => tag.toLowerCase().split('-')[0] === language.value) ?? language.value,
)
export const words = computed(() => wordsIn(language.value))

export function speak(tag: string): void {
  language.value = tag
  localStorage.setItem(CHOICE, tag)
}

/** Speaks the user's language from now on, and says so to the browser. */
export function speakAsWanted(): void {
  language.value = languageFor(localStorage.getItem(CHOICE), navigator.languages)
  effect(() => void (document.documentElement.lang = language.value))
}
