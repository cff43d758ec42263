/** For the end of a command's help: how it is typed. */
export function examples(...commands: readonly string[]): string {
  return `\nExamples:\n${commands.map((command) => `  npm run admin -- ${command}`).join('\n')}`
}
