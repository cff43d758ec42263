import { LANGUAGES } from '../../words/languages.ts'
import { language, speak, words } from '../../words/words.ts'

export function Language() {
  return (
    <select
      class="language"
      aria-label={words.value.language}
      value={language.value}
      onChange={({ currentTarget }) => speak(currentTarget.value)}
    >
      {Object.entries(LANGUAGES).map(([tag, { name }]) => (
        <option key={tag} value={tag} lang={tag} label={tag.toUpperCase()}>
          {name}
        </option>
      ))}
    </select>
  )
}
