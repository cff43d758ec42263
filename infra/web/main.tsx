import { render } from 'preact'
import { install } from './app/installing.ts'
import { openPage } from './app/page.ts'
import { App } from './view/app.tsx'
import { speakAsWanted } from './words/words.ts'

speakAsWanted()
const root = document.querySelector('#app')
if (root !== null) render(<App page={openPage()} />, root)
// Without it the page works, too: it only does not open without a network.
install().catch(() => {})
