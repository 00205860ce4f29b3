/** What a widget looks like where nothing can be operated: exported pages, previews of repositories. */

/** Its label and value in words. */
export function staticHtml(label: string, words: string): string {
  const name = label ? `<span style="opacity:.75">${escapeHtml(label)}:</span> ` : "";
  return `<div>${name}<b>${escapeHtml(words)}</b></div>`;
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
