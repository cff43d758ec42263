/** The blocks of PROTOCOL.md with an info string: `json`, `json device` or `json service`. */
export function examplesIn(protocol: string, info: string): string[] {
  return [...protocol.matchAll(/^```(json[^\n]*)\n([^]*?)^```$/gm)]
    .filter(([, is]) => is?.trim() === info)
    .map(([, , text = '']) => text)
}
