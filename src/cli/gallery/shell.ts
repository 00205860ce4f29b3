/** What every page of the gallery shares: head, style, notices. */
import { PHANTOM_NOTICE } from "../../core/provenance";
import { escapeHtml } from "./html";
import { STYLE } from "./style";

export interface DocumentParts {
  readonly title: string;
  readonly description: string;
  readonly body: string;
}

export function documentHtml({ title, description, body }: DocumentParts): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data: 'self' file:; style-src 'unsafe-inline'">
<meta name="description" content="${escapeHtml(description)}">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>${body}
</body>
</html>
`;
}

/** Said once on each page, where it is seen. */
export const USE_NOTICE = "Research use only, not for diagnosis.";

/** The phantom's notice, on pages and on the index where anything was made from it. */
export function phantomNotice(phantom: boolean): string {
  if (!phantom) return "";
  const words = `${PHANTOM_NOTICE[0]!.toUpperCase()}${PHANTOM_NOTICE.slice(1)}.`;
  return (
    `<p class="notice phantom"><strong>${words}</strong> ` +
    "Synthetic tissue with known truth; how well a model does on it says nothing about patients.</p>"
  );
}
