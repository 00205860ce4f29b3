/** The protocol counts Unicode characters, JavaScript counts UTF-16 units. */

/** From the protocol's count to JavaScript's. */
export function toUtf16Offset(text: string, characters: number): number {
  let offset = 0;
  let count = 0;
  for (const character of text) {
    if (count++ >= characters) break;
    offset += character.length;
  }
  return offset;
}

/** From JavaScript's count to the protocol's. */
export function toCharacterOffset(text: string, utf16: number): number {
  return [...text.slice(0, utf16)].length;
}
